import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get } from '../api/client';
import { APIError } from '../api/error';
import type { Items } from '../api/types';
import type { AccessRule, Budget, ModelChoice, Providers, UsageReport } from './types';

/** Everything about models begins with this key. */
export const aiKey = ['ai'] as const;

const providersMs = 10_000;

/** What stands for an answer where no provider is configured. */
async function orNone<T>(asked: Promise<T>, none: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof APIError && error.slug === 'no-provider') return none;
    throw error;
  }
}

const noProviders: Providers = {
  items: [],
  fallbacks: 0,
  cache: { hits: 0, misses: 0, shared: 0, semantic: 0 },
  dropped: 0,
  routers: [],
};

export const providersQuery = queryOptions({
  queryKey: [...aiKey, 'providers'],
  queryFn: ({ signal }) => orNone(get<Providers>('ai/providers', signal), noProviders),
  refetchInterval: ({ state: { data } }) => data !== noProviders && providersMs,
});

/** What can be asked; asking every provider takes its time, and models come rarely. */
export const modelsQuery = queryOptions({
  queryKey: [...aiKey, 'models'],
  queryFn: async ({ signal }) =>
    (await orNone(get<Items<ModelChoice>>('ai/models', signal), { items: [] })).items,
  staleTime: 60_000,
});

/** What was used, grouped; what is shown stays until the other comes. */
export function usageQuery(by: string, from: string, to: string) {
  const query = new URLSearchParams({ by, from, to }).toString();
  return queryOptions({
    queryKey: [...aiKey, 'usage', query],
    queryFn: ({ signal }) => get<UsageReport>(`ai/usage?${query}`, signal),
    placeholderData: keepPreviousData,
  });
}

export const budgetsQuery = queryOptions({
  queryKey: [...aiKey, 'budgets'],
  queryFn: async ({ signal }) => (await get<Items<Budget>>('ai/budgets', signal)).items,
  refetchInterval: 10_000,
});

export const accessQuery = queryOptions({
  queryKey: [...aiKey, 'access'],
  queryFn: async ({ signal }) => (await get<Items<AccessRule>>('ai/access', signal)).items,
});
