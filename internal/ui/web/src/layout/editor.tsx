import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useMay } from '../api/may';
import type { PanelMeta } from '../api/types';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Notice } from '../parts/notice';
import { t } from '../strings';
import { neighbour, type Direction } from './geometry';
import { createKeeper } from './keep';
import { arrange, itemsOf, move, resize, same, setHidden, type Item, type Tile } from './model';
import { boxesIn, dragCorner, dragTile, glide, placesIn, tilesIn } from './pointer';
import { layoutQuery } from './queries';
import { EditTile } from './tile';
import { LayoutBar } from './bar';

interface Props {
  panels: PanelMeta[];
  titles: ReadonlyMap<string, string>;
  onDone: () => void;
}

interface Lifted {
  key: string;
  tiles: Tile[];
}

const RoleDefault = lazyPart<{ items: Item[]; onClose: () => void }>(
  () => import('./role-default'),
  'RoleDefault',
);

const arrows: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};
const none: Item[] = [];

/** The overview while it is arranged: every panel can be lifted, moved, resized and hidden, by keyboard and by pointer. */
export function Editor({ panels, titles, onDone }: Props) {
  const client = useQueryClient();
  const layout = useQuery(layoutQuery).data;
  const items = layout?.items ?? none;
  const [unkept, setUnkept] = useState<Item[] | null>(null);
  const [keeper] = useState(() => createKeeper(client, setUnkept));
  const [lifted, setLifted] = useState<Lifted | null>(null);
  const [said, setSaid] = useState('');
  const [asking, setAsking] = useState<'reset' | 'role' | null>(null);
  const mayShare = useMay('users.manage');
  const grid = useRef<HTMLOListElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const follow = useRef<(() => void) | null>(null);
  // What pointer and key handlers see, which outlive the drawing they were made in.
  const live = useRef<Lifted | null>(null);

  const base = arrange(panels, items);
  const tiles = lifted?.tiles ?? base;
  const shown = tiles.filter((tile) => !tile.hidden);
  const hidden = tiles.filter((tile) => tile.hidden);
  const order = shown.map((tile) => `${tile.key} ${String(tile.width)} ${String(tile.height)}`).join();

  useEffect(() => {
    heading.current?.focus();
  }, []);

  const before = useRef<ReturnType<typeof placesIn>>(new Map());
  useLayoutEffect(() => {
    if (!grid.current) return;
    glide(grid.current, before.current, follow.current ? live.current?.key : undefined);
    before.current = placesIn(grid.current);
    if (follow.current) follow.current();
    else if (live.current) elementOf(grid.current, live.current.key)?.scrollIntoView({ block: 'nearest' });
  }, [order]);

  const set = (next: Lifted | null) => {
    live.current = next;
    setLifted(next);
  };
  const title = (key: string) => tileOf(tiles, key)?.meta.title ?? '';
  const where = (all: Tile[], key: string) => ({
    title: tileOf(all, key)?.meta.title ?? '',
    at: placeOf(all, key) + 1,
    count: all.filter((tile) => !tile.hidden).length,
  });

  const lift = (key: string) => {
    if (live.current) drop();
    set({ key, tiles: arrange(panels, client.getQueryData(layoutQuery.queryKey)?.items ?? none) });
    setSaid(t('layout.lifted', where(tiles, key)));
  };
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
    setSaid(t('layout.cancelled', { title: title(now.key) }));
  };
  const keep = (next: Tile[]) => {
    const kept = client.getQueryData(layoutQuery.queryKey)?.items ?? none;
    if (!same(next, arrange(panels, kept))) void keeper.put(itemsOf(next, kept));
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
    const tile = tileOf(next, now.key);
    setSaid(t('layout.sized', { title: title(now.key), width: tile?.width ?? 1, height: tile?.height ?? 1 }));
  };
  const go = (direction: Direction) => {
    const now = live.current;
    if (now && grid.current) moveTo(neighbour(boxesIn(grid.current), placeOf(now.tiles, now.key), direction));
  };
  const hide = (key: string, hidden_: boolean) => {
    const next = setHidden(live.current?.tiles ?? base, key, hidden_);
    set(null);
    keep(next);
    setSaid(hidden_ ? t('layout.hid', { title: title(key) }) : t('layout.showed', { title: title(key) }));
    heading.current?.focus();
  };

  const pressed = (event: KeyboardEvent) => {
    if (!lifted) return;
    const direction = arrows[event.key];
    const onGrip = (event.target as Element).closest('.tile-grip') !== null;
    if (event.key === 'Escape') cancel();
    else if (!onGrip) return;
    else if (direction && event.shiftKey) {
      grow(
        direction === 'right' ? 1 : direction === 'left' ? -1 : 0,
        direction === 'down' ? 1 : direction === 'up' ? -1 : 0,
      );
    } else if (direction) go(direction);
    else if (event.key === 'Home') moveTo(0);
    else if (event.key === 'End') moveTo(shown.length - 1);
    else return;
    event.preventDefault();
  };

  const steps = (key: string) => ({
    lift: () => {
      lift(key);
    },
    move: moveTo,
    size: (width: number, height: number) => {
      const tile = live.current && tileOf(live.current.tiles, key);
      if (tile && (tile.width !== width || tile.height !== height))
        grow(width - tile.width, height - tile.height);
    },
    end: (kept: boolean) => {
      follow.current = null;
      if (kept) drop();
      else cancel();
    },
    place: () => (live.current ? placeOf(live.current.tiles, key) : 0),
  });

  return (
    <div className="layout-editor" onKeyDown={pressed}>
      <div className="stack">
        <div>
          <h2 ref={heading} tabIndex={-1}>
            {t('layout.title')}
          </h2>
          <p className="dim" id="layout-help">
            {t('layout.help')}
          </p>
        </div>
        <p role="status" className="visually-hidden">
          {said}
        </p>
        {unkept && (
          <Notice kind="warn" title={t('layout.conflict.title')} alert>
            <p>{t('layout.conflict')}</p>
            <div className="row">
              <Button
                onClick={() => {
                  setUnkept(null);
                  void keeper.put(unkept);
                }}
              >
                {t('layout.conflict.mine')}
              </Button>
              <Button
                onClick={() => {
                  setUnkept(null);
                }}
              >
                {t('layout.conflict.theirs')}
              </Button>
            </div>
          </Notice>
        )}
        {hidden.length > 0 && (
          <div className="row" role="group" aria-label={t('layout.hidden')}>
            <span className="label">{t('layout.hidden')}</span>
            {hidden.map((tile) => (
              <Button
                key={tile.key}
                aria-label={t('layout.show', { title: tile.meta.title })}
                onClick={() => {
                  hide(tile.key, false);
                }}
              >
                <span aria-hidden="true">+</span>
                {tile.meta.title}
              </Button>
            ))}
          </div>
        )}
        <ol ref={grid} className="grid arranged editing" aria-label={t('panels')}>
          {shown.map((tile) => (
            <EditTile
              key={tile.key}
              tile={tile}
              from={titles.get(tile.module) ?? tile.module}
              lifted={lifted?.key === tile.key}
              onPress={() => {
                if (lifted?.key === tile.key) drop();
                else lift(tile.key);
              }}
              onGrab={(event) => {
                if (grid.current) follow.current = dragTile(grid.current, tile.key, event, steps(tile.key));
              }}
              onCorner={(event) => {
                if (grid.current) dragCorner(grid.current, tile.key, event, steps(tile.key));
              }}
              onHide={() => {
                hide(tile.key, true);
              }}
            />
          ))}
        </ol>
      </div>
      <LayoutBar
        lifted={lifted && tileOf(tiles, lifted.key)}
        at={lifted ? placeOf(tiles, lifted.key) + 1 : 0}
        count={shown.length}
        own={layout?.source === 'own'}
        mayShare={mayShare}
        onMove={(by) => {
          if (lifted) moveTo(placeOf(tiles, lifted.key) + by);
        }}
        onGrow={grow}
        onHide={() => {
          if (lifted) hide(lifted.key, true);
        }}
        onDrop={() => {
          const key = live.current?.key;
          drop();
          if (key && grid.current)
            elementOf(grid.current, key)?.querySelector<HTMLElement>('.tile-grip')?.focus();
        }}
        onCancel={cancel}
        onReset={() => {
          setAsking('reset');
        }}
        onShare={() => {
          setAsking('role');
        }}
        onDone={() => {
          drop();
          onDone();
        }}
      />
      {asking === 'reset' && (
        <Dialog
          title={t('layout.reset.ask')}
          onClose={() => {
            setAsking(null);
          }}
        >
          <p>{t('layout.reset.about')}</p>
          <div className="dialog-actions">
            <Button
              onClick={() => {
                setAsking(null);
              }}
            >
              {t('cancel')}
            </Button>
            <Button
              look="primary"
              onClick={() => {
                setAsking(null);
                set(null);
                void keeper.reset();
                setSaid(t('layout.reset.done'));
              }}
            >
              {t('layout.reset')}
            </Button>
          </div>
        </Dialog>
      )}
      {asking === 'role' && (
        <Suspense>
          <RoleDefault
            items={itemsOf(tiles, items)}
            onClose={() => {
              setAsking(null);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

function elementOf(grid: HTMLElement, key: string): HTMLElement | undefined {
  return tilesIn(grid).find((tile) => tile.dataset['tile'] === key);
}

function tileOf(tiles: readonly Tile[], key: string): Tile | undefined {
  return tiles.find((tile) => tile.key === key);
}

function placeOf(tiles: readonly Tile[], key: string): number {
  return tiles.filter((tile) => !tile.hidden).findIndex((tile) => tile.key === key);
}
