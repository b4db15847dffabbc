import { queryOptions } from '@tanstack/react-query';
import { ask } from '../api/client';
import type { Layout } from './model';

/** A layout with the entity tag that a change is based on. */
export interface Kept extends Layout {
  etag: string;
}

/** How the person's overview is arranged. */
export const layoutQuery = queryOptions({
  queryKey: ['layout'],
  queryFn: async ({ signal }): Promise<Kept> => {
    const { data, etag } = await ask<Layout>('GET', 'auth/me/layout', { signal });
    return { ...data, etag };
  },
  staleTime: 60_000,
});
