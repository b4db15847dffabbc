/** Roles. */
export const roles = {
  'roles.title': 'Roles',
} as const;
