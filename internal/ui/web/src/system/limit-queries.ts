import { queryOptions } from '@tanstack/react-query';
import { get } from '../api/client';
import { APIError } from '../api/error';
import type { Items, Limit, RefusedCaller } from '../api/types';

const liveMs = 2_000;
const enc = encodeURIComponent;

/** Everything about limits begins with this key: the server tells when they changed. */
export const limitsKey = ['limits'] as const;

export const limitsQuery = queryOptions({
  queryKey: [...limitsKey, 'all'],
  queryFn: async ({ signal }) => (await get<Items<Limit>>('limits', signal)).items,
});

/** Who was refused of late, asked again while the page is seen, and no sooner than a limit of this person's allows. */
export const refusedQuery = queryOptions({
  queryKey: [...limitsKey, 'refused'],
  queryFn: async ({ signal }) => (await get<Items<RefusedCaller>>('limits/refused', signal)).items,
  refetchInterval: ({ state: { error } }) =>
    Math.max(liveMs, error instanceof APIError ? error.retryAfter * 1000 : 0),
});

/** Where a limit is, or the one that a caller has of its own, below api/v1. */
export function limitPath(name: string, key?: string): string {
  return `limits/${enc(name)}${key === undefined ? '' : `/keys/${enc(key)}`}`;
}
