import { t } from '../strings';

// What the dashboard itself declares, in the language of the page. What modules declare is in their own words.

const permissions: Record<string, () => string> = {
  'modules.read': () => t('permission.modules.read'),
  'modules.manage': () => t('permission.modules.manage'),
  'settings.read': () => t('permission.settings.read'),
  'settings.manage': () => t('permission.settings.manage'),
  'users.read': () => t('permission.users.read'),
  'users.manage': () => t('permission.users.manage'),
  'audit.read': () => t('permission.audit.read'),
  'api.read': () => t('permission.api.read'),
  'system.read': () => t('permission.system.read'),
  'system.manage': () => t('permission.system.manage'),
  'limits.read': () => t('permission.limits.read'),
  'limits.manage': () => t('permission.limits.manage'),
  'flags.read': () => t('permission.flags.read'),
  'flags.manage': () => t('permission.flags.manage'),
  'flags.evaluate': () => t('permission.flags.evaluate'),
  'ai.use': () => t('permission.ai.use'),
  'ai.read': () => t('permission.ai.read'),
  'ai.manage': () => t('permission.ai.manage'),
};

const core = 'dashboard';

/** What a permission allows. */
export function permissionTitle({
  id,
  title,
  module,
}: {
  id: string;
  title: string;
  module: string;
}): string {
  const name = id.slice(core.length + 1);
  return module === core && Object.hasOwn(permissions, name) ? (permissions[name]?.() ?? title) : title;
}
