import { t } from '../strings';

// What roles say, read as the server reads it, so that the screen can say beforehand what will be refused.

/** A role as the API has it. */
export interface Role {
  name: string;
  title: string;
  permissions: string[];
  inherits: string[];
  built_in: boolean;
}

/** A permission that some module declares. */
export interface Permission {
  id: string;
  title: string;
  module: string;
}

/** Whether a pattern covers a permission: `*` stands for one segment, as the last one for one or more. */
export function matches(pattern: string, name: string): boolean {
  const want = pattern.split('.');
  const have = name.split('.');
  for (const [index, segment] of want.entries()) {
    if (have[index] === undefined) return false;
    if (segment === '*' && index === want.length - 1) return true;
    if (segment !== '*' && segment !== have[index]) return false;
  }
  return want.length === have.length;
}

/** Whether everything that `asked` covers is covered by `have` too. */
export function covers(have: string, asked: string): boolean {
  const own = have.split('.');
  const other = asked.split('.');
  for (const [index, segment] of own.entries()) {
    const wanted = other[index];
    if (wanted === undefined) return false;
    if (segment === '*' && index === own.length - 1) return true;
    // Any number of segments, where the own pattern ends.
    if (wanted === '*' && index === other.length - 1) return false;
    if (segment !== '*' && segment !== wanted) return false;
  }
  return own.length === other.length;
}

/** What roles and those they inherit from say, and which of them says it. */
export function patternsOf(roles: Role[], names: string[]): Map<string, Role> {
  const found = new Map<string, Role>();
  const seen = new Set<string>();
  const queue = [...names];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const role = roles.find((one) => one.name === name);
    if (!role || seen.has(name)) continue;
    seen.add(name);
    for (const pattern of role.permissions) if (!found.has(pattern)) found.set(pattern, role);
    queue.push(...role.inherits);
  }
  return found;
}

/** The first of `asked` that `own` does not cover, "" if there is none: the server refuses to hand it out. */
export function beyond(own: Iterable<string>, asked: Iterable<string>): string {
  const held = [...own];
  for (const pattern of asked) if (!held.some((have) => covers(have, pattern))) return pattern;
  return '';
}

/** Whether a pattern stands for more than one permission. */
export function isWild(pattern: string): boolean {
  return pattern.includes('*');
}

/** A role's title, or its name where it has none; the built-in ones in the language of the page. */
export function roleTitle(role: Role): string {
  if (role.built_in && role.name === 'owner') return t('role.owner');
  if (role.built_in && role.name === 'viewer') return t('role.viewer');
  return role.title || role.name;
}

/** What a role gives by itself, in a few words: its wildcards, and how many permissions by name. */
export function gives(role: Role): string {
  if (role.permissions.includes('*')) return t('access.everything');
  const wild = role.permissions.filter(isWild);
  const count = role.permissions.length - wild.length;
  return [...wild, ...(count > 0 || wild.length === 0 ? [t('access.count', { count })] : [])].join(', ');
}

/** Permissions by module, in the order the modules come in. */
export function byModule(permissions: Permission[]): [string, Permission[]][] {
  const groups = new Map<string, Permission[]>();
  for (const permission of permissions) {
    const group = groups.get(permission.module);
    if (group) group.push(permission);
    else groups.set(permission.module, [permission]);
  }
  return [...groups];
}
