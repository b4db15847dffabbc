import type { roles as en } from '../en/roles';
import type { Words } from '../words';

/** Roles. */
export const roles: Words<typeof en> = {
  'roles.title': 'Rollen',
};
