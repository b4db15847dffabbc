import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ask, get } from '../api/client';
import type { Items } from '../api/types';
import { inBase } from '../config';
import type { ListState } from './list-state';
import type { Description, Item, Tagged } from './types';

const enc = encodeURIComponent;

/** A resource's path as the client wants it, below api/v1. */
export function below(path: string): string {
  return path.replace(/^\/?api\/v1\//, '');
}

/** Where one item is, below api/v1. */
export function itemPath(about: Pick<Description, 'path'>, id: string): string {
  return `${below(about.path)}/${enc(id)}`;
}

/** What a resource is: its fields, what may be done with it, the schemas of its forms. */
export function descriptionQuery(module: string, name: string) {
  return queryOptions({
    queryKey: ['resource', module, name],
    queryFn: ({ signal }) => get<Description>(`resources/${enc(module)}/${enc(name)}`, signal),
    staleTime: 60_000,
  });
}

/** Every page and item of a resource begins with this key. */
export function dataKey(about: Pick<Description, 'path'>) {
  return ['resource-data', about.path];
}

/** One page. The page before stays on the screen until this one has come. */
export function listQuery(
  about: Pick<Description, 'path'>,
  state: ListState,
  root: readonly unknown[] = dataKey(about),
) {
  const query = parameters(state);
  if (state.limit > 0) query.set('limit', String(state.limit));
  if (state.cursor) query.set('cursor', state.cursor);
  const text = query.toString();
  return queryOptions({
    queryKey: [...root, 'list', text],
    queryFn: ({ signal }) => get<Items<Item>>(`${below(about.path)}${text && '?' + text}`, signal),
    placeholderData: keepPreviousData,
  });
}

export function itemQuery(about: Pick<Description, 'path'>, id: string) {
  return queryOptions({
    queryKey: [...dataKey(about), 'item', id],
    queryFn: async ({ signal }): Promise<Tagged> => {
      const { data, etag } = await ask<Item>('GET', itemPath(about, id), { signal });
      return { item: data, etag };
    },
    staleTime: 0,
  });
}

/** The address of a download of all rows that the list's filter and search leave. */
export function exportURL(about: Pick<Description, 'path'>, format: string, state: ListState): string {
  const text = parameters(state).toString();
  return inBase(`${about.path.replace(/^\//, '')}.${format}${text && '?' + text}`);
}

function parameters(state: ListState): URLSearchParams {
  const query = new URLSearchParams();
  if (state.sort) query.set('sort', state.sort);
  if (state.filter) query.set('filter', state.filter);
  if (state.q) query.set('q', state.q);
  return query;
}
