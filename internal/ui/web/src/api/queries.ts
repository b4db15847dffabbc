import { QueryClient, queryOptions } from '@tanstack/react-query';
import { ask, get } from './client';
import { APIError } from './error';
import type { Items, Me, MyModule } from './types';

/** The cache of server state; nothing else keeps copies of it. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        networkMode: 'always',
        retry: (count, error) => count < 2 && error instanceof APIError && error.status === 503,
        retryDelay: (_, error) =>
          error instanceof APIError && error.retryAfter ? error.retryAfter * 1000 : 500,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => get<Me>('auth/me', signal),
  staleTime: 60_000,
});

export const myModulesQuery = queryOptions({
  queryKey: ['my-modules'],
  queryFn: async ({ signal }) => (await get<Items<MyModule>>('auth/me/modules', signal)).items,
});

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: async ({ signal }) =>
    (await ask<{ required: boolean }>('GET', 'setup', { signal, anonymous: true })).data,
});
