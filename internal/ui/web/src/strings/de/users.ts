import type { users as en } from '../en/users';
import type { Words } from '../words';

/** Users. */
export const users: Words<typeof en> = {
  'users.title': 'Benutzer',
};
