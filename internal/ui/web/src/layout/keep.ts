import type { QueryClient } from '@tanstack/react-query';
import { ask } from '../api/client';
import { APIError, tell } from '../api/error';
import { notify } from '../parts/toast';
import type { Item, Layout } from './model';
import { layoutQuery, type Kept } from './queries';

export interface Keeper {
  /** Shows a layout at once and keeps it on the server; what follows meanwhile is kept after it. */
  put: (items: Item[]) => Promise<void>;
  /** Forgets the person's own layout. */
  reset: () => Promise<void>;
}

/**
 * Keeps a person's layout. Someone else's change is never overwritten unseen: it is loaded and shown, and
 * `onConflict` gets what was not kept.
 */
export function createKeeper(client: QueryClient, onConflict: (mine: Item[]) => void): Keeper {
  const key = layoutQuery.queryKey;
  let busy = false;
  let next: Item[] | null = null;

  const change = (with_: Partial<Kept>) => {
    client.setQueryData(key, (old: Kept | undefined): Kept => ({
      source: 'own',
      items: [],
      etag: '',
      ...old,
      ...with_,
    }));
  };
  const based = () => client.getQueryData(key)?.etag ?? '';
  const failed = async (error: unknown, mine: Item[]) => {
    next = null;
    await client.invalidateQueries({ queryKey: key });
    if (error instanceof APIError && error.status === 412) onConflict(mine);
    else notify(tell(error).detail, 'bad');
  };

  const send = async () => {
    for (let items = next; items; items = next) {
      next = null;
      try {
        const body = { items };
        const { etag } = await ask<Layout>('PUT', 'auth/me/layout', { body, ifMatch: based() });
        change({ etag });
      } catch (error) {
        await failed(error, next ?? items);
      }
    }
  };

  return {
    async put(items) {
      next = items;
      await client.cancelQueries({ queryKey: key });
      change({ source: 'own', items });
      if (busy) return;
      busy = true;
      await send();
      busy = false;
    },
    async reset() {
      try {
        await ask('DELETE', 'auth/me/layout', { ifMatch: based() });
        await client.invalidateQueries({ queryKey: key });
      } catch (error) {
        await failed(error, client.getQueryData(key)?.items ?? []);
      }
    },
  };
}
