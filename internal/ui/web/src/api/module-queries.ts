import { queryOptions } from '@tanstack/react-query';
import { ask, get } from './client';
import type { Items, JSONSchema, Module, PanelMeta, Plan, Session, Settings, SettingsVersion } from './types';

const enc = encodeURIComponent;

export const panelsQuery = queryOptions({
  queryKey: ['panels'],
  queryFn: async ({ signal }) => (await get<Items<PanelMeta>>('panels', signal)).items,
});

/** One panel's data, asked again every `refresh_seconds` while the tab is seen; over a range there is less haste. */
export function panelQuery<T>(panel: PanelMeta, range = '') {
  const seconds = range ? Math.max(panel.refresh_seconds, 30) : panel.refresh_seconds;
  return queryOptions({
    queryKey: ['panel', panel.module, panel.id, ...(range ? [range] : [])],
    queryFn: ({ signal }) => get<T>(panelPath(panel) + (range && `?range=${enc(range)}`), signal),
    refetchInterval: panel.refresh_seconds > 0 ? seconds * 1000 : false,
    staleTime: 0,
    retry: false,
  });
}

/** Where a panel's data is, below api/v1. */
export function panelPath(panel: { module: string; id: string }): string {
  return `m/${enc(panel.module)}/panels/${enc(panel.id)}`;
}

export const modulesQuery = queryOptions({
  queryKey: ['modules'],
  queryFn: async ({ signal }) => (await get<Items<Module>>('modules', signal)).items,
});

export function moduleQuery(id: string) {
  return queryOptions({
    queryKey: ['modules', id],
    queryFn: async ({ signal }) => {
      const { data, etag } = await ask<Module>('GET', `modules/${enc(id)}`, { signal });
      return { module: data, etag };
    },
  });
}

export function planQuery(id: string, op: string, cascade: boolean) {
  return queryOptions({
    queryKey: ['plan', id, op, cascade],
    queryFn: ({ signal }) =>
      get<Plan>(`modules/${enc(id)}/plan?op=${enc(op)}&cascade=${String(cascade)}`, signal),
    staleTime: 0,
    gcTime: 0,
  });
}

export function settingsQuery(id: string) {
  return queryOptions({
    queryKey: ['settings', id],
    queryFn: async ({ signal }) => {
      const { data, etag } = await ask<Settings>('GET', `modules/${enc(id)}/settings`, { signal });
      return { ...data, etag };
    },
    staleTime: 0,
  });
}

export function settingsSchemaQuery(id: string) {
  return queryOptions({
    queryKey: ['settings-schema', id],
    queryFn: ({ signal }) => get<JSONSchema>(`modules/${enc(id)}/settings/schema`, signal),
    staleTime: 60_000,
  });
}

export function settingsHistoryQuery(id: string) {
  return queryOptions({
    queryKey: ['settings', id, 'history'],
    queryFn: async ({ signal }) =>
      (await get<Items<SettingsVersion>>(`modules/${enc(id)}/settings/history`, signal)).items,
  });
}

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await get<Items<Session>>('auth/sessions', signal)).items,
});
