import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { PanelMeta } from '../api/types';
import { t } from '../strings';
import { createKeeper } from './keep';
import {
  arrange,
  columns,
  itemsOf,
  move,
  placeOf,
  resize,
  rows,
  same,
  setHidden,
  tileOf,
  type Item,
  type Tile,
} from './model';
import { layoutQuery } from './queries';

interface Lifted {
  key: string;
  tiles: Tile[];
}

const none: Item[] = [];

/** The state of the overview while it is arranged: what is kept, the panel that is lifted, and what to read out. */
export function useArranger(panels: readonly PanelMeta[]) {
  const client = useQueryClient();
  const layout = useQuery(layoutQuery).data;
  const items = layout?.items ?? none;
  const [unkept, setUnkept] = useState<Item[] | null>(null);
  const [keeper] = useState(() => createKeeper(client, setUnkept));
  const [lifted, setLifted] = useState<Lifted | null>(null);
  const [said, setSaid] = useState('');
  // A drag's handlers outlive the drawing they were made in, and see what is so now.
  const live = useRef<Lifted | null>(null);

  const kept = () => client.getQueryData(layoutQuery.queryKey)?.items ?? none;
  const tiles = lifted?.tiles ?? arrange(panels, items);
  const set = (next: Lifted | null) => {
    live.current = next;
    setLifted(next);
  };
  const keep = (next: readonly Tile[]) => {
    const before = kept();
    if (!same(next, arrange(panels, before))) void keeper.put(itemsOf(next, before));
  };
  const where = (all: readonly Tile[], key: string) => ({
    title: tileOf(all, key)?.meta.title ?? '',
    at: placeOf(all, key) + 1,
    count: all.filter((tile) => !tile.hidden).length,
  });

  const drop = () => {
    const now = live.current;
    if (!now) return;
    set(null);
    keep(now.tiles);
    setSaid(t('layout.dropped', where(now.tiles, now.key)));
  };
  const cancel = () => {
    const now = live.current;
    if (!now) return;
    set(null);
    setSaid(t('layout.cancelled', where(now.tiles, now.key)));
  };
  const lift = (key: string) => {
    drop();
    const all = arrange(panels, kept());
    set({ key, tiles: all });
    setSaid(t('layout.lifted', where(all, key)));
  };
  const moveTo = (to: number) => {
    const now = live.current;
    if (!now) return;
    const next = move(now.tiles, now.key, to);
    set({ ...now, tiles: next });
    setSaid(t('layout.moved', where(next, now.key)));
  };
  const grow = (wider: number, taller: number) => {
    const now = live.current;
    if (!now) return;
    const next = resize(now.tiles, now.key, wider, taller);
    set({ ...now, tiles: next });
    const { meta, width, height } = tileOf(next, now.key) ?? {};
    setSaid(t('layout.sized', { title: meta?.title ?? '', width: width ?? 1, height: height ?? 1 }));
  };
  /** Sizes the lifted panel from what it was when it was lifted. */
  const growFrom = (wider: number, taller: number) => {
    const now = live.current;
    const from = now && tileOf(arrange(panels, kept()), now.key);
    const tile = now && tileOf(now.tiles, now.key);
    if (!from || !tile) return;
    const width = Math.min(columns, Math.max(1, from.width + wider));
    const height = Math.min(rows, Math.max(1, from.height + taller));
    if (tile.width !== width || tile.height !== height) grow(width - tile.width, height - tile.height);
  };
  const hide = (key: string, away: boolean) => {
    const all = live.current?.tiles ?? arrange(panels, kept());
    set(null);
    keep(setHidden(all, key, away));
    const { title } = where(all, key);
    setSaid(away ? t('layout.hid', { title }) : t('layout.showed', { title }));
  };

  return {
    tiles,
    shown: tiles.filter((tile) => !tile.hidden),
    hidden: tiles.filter((tile) => tile.hidden),
    /** What the present arrangement would be kept as. */
    items: itemsOf(tiles, items),
    own: layout?.source === 'own',
    lifted: lifted && tileOf(lifted.tiles, lifted.key),
    /** The lifted panel's place among the shown, from 0; −1 when none is lifted. */
    place: lifted ? placeOf(lifted.tiles, lifted.key) : -1,
    placeNow: () => (live.current ? placeOf(live.current.tiles, live.current.key) : -1),
    said,
    unkept,
    lift,
    drop,
    cancel,
    moveTo,
    grow,
    growFrom,
    hide,
    reset() {
      set(null);
      setSaid(t('layout.reset.done'));
      void keeper.reset();
    },
    /** What was not kept, because someone else's change came first, is kept after all or given up. */
    settle(mine: boolean) {
      setUnkept(null);
      if (mine && unkept) void keeper.put(unkept);
    },
  };
}

export type Arranger = ReturnType<typeof useArranger>;
