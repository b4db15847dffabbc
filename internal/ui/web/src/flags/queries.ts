import { queryOptions } from '@tanstack/react-query';
import { ask, get } from '../api/client';
import type { FlagVersion } from '../api/schema.gen';
import type { Items } from '../api/types';
import type { Subject, Version } from '../versions/subject';
import type { Definition } from './definition';
import type { FlagDetail, Preview, Segment, Checked } from './types';

const enc = encodeURIComponent;

/** Everything about flags begins with this key. */
export const flagsKey = ['flags'] as const;

/** Where a flag is, below api/v1. */
export function flagPath(key: string, more = ''): string {
  return `flags/${enc(key)}${more}`;
}

/** A flag as something that has versions. */
export function flagSubject(key: string): Subject {
  return { name: key, path: flagPath(key), queries: flagsKey };
}

/** A flag with the tag that changes of it are based on. */
export interface TaggedFlag {
  flag: FlagDetail;
  etag: string;
}

export function flagQuery(key: string) {
  return queryOptions({
    queryKey: [...flagsKey, 'one', key],
    queryFn: async ({ signal }): Promise<TaggedFlag> => {
      const { data, etag } = await ask<FlagDetail>('GET', flagPath(key), { signal });
      return { flag: data, etag };
    },
    staleTime: 0,
  });
}

export function historyQuery(key: string) {
  return queryOptions({
    queryKey: [...flagsKey, 'history', key],
    queryFn: async ({ signal }): Promise<Version[]> => {
      const { items } = await get<Items<FlagVersion>>(flagPath(key, '/history?limit=100'), signal);
      return items.map(({ definition, ...version }) => ({ ...version, content: definition }));
    },
  });
}

export const segmentsQuery = queryOptions({
  queryKey: [...flagsKey, 'segments'],
  queryFn: async ({ signal }) => (await get<Items<Segment>>('segments?limit=200', signal)).items,
});

/** What is wrong with a draft, and what nothing reads in it; its text is sent as it is written, so that the answer names its lines. */
export function checkQuery(key: string, text: string) {
  return queryOptions({
    queryKey: ['flag-check', key, text],
    queryFn: async ({ signal }) =>
      (await ask<Checked>('POST', 'flags/check', { body: { key, definition: text }, signal })).data,
    gcTime: 30_000,
    staleTime: 30_000,
  });
}

/** Whom a draft would affect. */
export function previewQuery(key: string, definition: Definition) {
  return queryOptions({
    queryKey: ['flag-preview', key, definition],
    queryFn: async ({ signal }) =>
      (await ask<Preview>('POST', flagPath(key, '/preview'), { body: { definition }, signal })).data,
    gcTime: 30_000,
    staleTime: 30_000,
    retry: false,
  });
}
