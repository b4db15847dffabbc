import { queryOptions, useQuery } from '@tanstack/react-query';
import { ask, get } from '../api/client';
import { meQuery, myModulesQuery } from '../api/queries';
import type { Items } from '../api/types';
import { patternsOf, type Permission, type Role } from './patterns';

const most = 1000;

/** Where roles are. */
export const rolesAt = { path: 'api/v1/roles' };

/** Every role: there are at most a thousand, and what one says depends on others. */
export const rolesQuery = queryOptions({
  queryKey: ['resource-data', rolesAt.path, 'list', 'all'],
  queryFn: async ({ signal }) => {
    const roles: Role[] = [];
    let cursor = '';
    do {
      const from = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const page = await get<Items<Role>>(`roles?limit=200${from}`, signal);
      roles.push(...page.items);
      cursor = page.next_cursor ?? '';
    } while (cursor !== '' && roles.length < most);
    return roles;
  },
  staleTime: 30_000,
});

/** One role with the tag its changes are based on. */
export function roleQuery(name: string) {
  return queryOptions({
    queryKey: ['resource-data', rolesAt.path, 'item', name],
    queryFn: async ({ signal }) => {
      const { data, etag } = await ask<Role>('GET', `roles/${encodeURIComponent(name)}`, { signal });
      return { item: data, etag };
    },
    staleTime: 0,
  });
}

export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: async ({ signal }) => (await get<Items<Permission>>('permissions', signal)).items,
  staleTime: 60_000,
});

/** The patterns that this person's own roles give; nobody can hand out more. */
export function useOwnPatterns(): string[] {
  const mine = useQuery(meQuery).data?.roles ?? [];
  const roles = useQuery(rolesQuery).data ?? [];
  return [...patternsOf(roles, mine).keys()];
}

/** What a module is called; the dashboard itself is one for permissions. */
export function useModuleTitles(): (id: string) => string {
  const modules = useQuery(myModulesQuery).data ?? [];
  return (id) =>
    modules.find((module) => module.id === id)?.title ?? id.charAt(0).toUpperCase() + id.slice(1);
}
