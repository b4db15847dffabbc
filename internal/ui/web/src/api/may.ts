import { useQuery } from '@tanstack/react-query';
import { meQuery } from './queries';

/** The dashboard's own permissions that screens ask for. */
export type Permission =
  | 'modules.read'
  | 'modules.manage'
  | 'settings.read'
  | 'settings.manage'
  | 'audit.read'
  | 'users.read'
  | 'users.manage'
  | 'flags.read'
  | 'flags.manage'
  | 'api.read'
  | 'limits.read'
  | 'limits.manage'
  | 'ai.use'
  | 'ai.read'
  | 'ai.manage'
  | 'system.read'
  | 'system.manage';

/**
 * Whether the signed-in person holds one of the dashboard's own permissions. It only decides what is shown: the
 * server decides what may be done.
 */
export function useMay(permission: Permission): boolean {
  return useQuery(meQuery).data?.permissions.includes(`dashboard.${permission}`) ?? false;
}
