import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get } from '../api/client';
import type { Items } from '../api/types';
import type { AccessRule, Budget, ModelChoice, Providers, UsageReport } from './types';

/** Everything about models begins with this key. */
export const aiKey = ['ai'] as const;

const providersMs = 10_000;

export const providersQuery = queryOptions({
  queryKey: [...aiKey, 'providers'],
  queryFn: ({ signal }) => get<Providers>('ai/providers', signal),
  // Without a provider there is nothing to watch.
  refetchInterval: ({ state: { data } }) => data?.items.length !== 0 && providersMs,
});

/** What can be asked; asking every provider takes its time, and models come rarely. */
export const modelsQuery = queryOptions({
  queryKey: [...aiKey, 'models'],
  queryFn: async ({ signal }) => (await get<Items<ModelChoice>>('ai/models', signal)).items,
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
