import type { Limit } from '../api/types';
import { t } from '../strings';

const own: Record<string, () => string> = {
  address: () => t('limit.address'),
  caller: () => t('limit.caller'),
  'login-address': () => t('limit.login-address'),
  'login-account': () => t('limit.login-account'),
  ai: () => t('limit.ai'),
  'ai-tokens': () => t('limit.ai-tokens'),
};

/** What a limit is of: the dashboard's own in the language of the page, a module's in its own words. */
export function limitTitle({ name, title, module }: Limit): string {
  if (module) return name === module ? t('limit.module') : title;
  return Object.hasOwn(own, name) ? (own[name]?.() ?? title) : title;
}
