import { Suspense, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useMay } from '../api/may';
import type { PanelMeta } from '../api/types';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { t } from '../strings';
import { useArranger, type Arranger } from './arranger';
import { LayoutBar } from './bar';
import { neighbour, type Direction } from './geometry';
import type { Item } from './model';
import { ResetDialog, Unkept } from './notices';
import { boxesIn, dragCorner, dragTile, elementOf, glide, placesIn } from './pointer';
import { EditTile } from './tile';

interface Props {
  panels: PanelMeta[];
  titles: ReadonlyMap<string, string>;
  onDone: () => void;
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
const growth: Record<Direction, [wider: number, taller: number]> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

/** The overview while it is arranged: every panel can be lifted, moved, resized and hidden, by keyboard and by pointer. */
export function Editor({ panels, titles, onDone }: Props) {
  const state = useArranger(panels);
  const { shown, lifted } = state;
  const [asking, setAsking] = useState<'reset' | 'role' | null>(null);
  const mayShare = useMay('users.manage');
  const grid = useRef<HTMLOListElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const follow = useFlow(grid, state);

  useEffect(() => {
    heading.current?.focus();
  }, []);

  const pressed = (event: KeyboardEvent) => {
    if (!lifted) return;
    const direction = arrows[event.key];
    if (event.key === 'Escape') state.cancel();
    else if (!(event.target as Element).closest('.tile-grip')) return;
    else if (direction && event.shiftKey) state.grow(...growth[direction]);
    else if (direction && grid.current)
      state.moveTo(neighbour(boxesIn(grid.current), state.place, direction));
    else if (event.key === 'Home') state.moveTo(0);
    else if (event.key === 'End') state.moveTo(shown.length - 1);
    else return;
    event.preventDefault();
  };
  const hide = (key: string, away: boolean) => {
    state.hide(key, away);
    heading.current?.focus();
  };
  const drag = (key: string) => ({
    lift: () => {
      state.lift(key);
    },
    move: state.moveTo,
    size: state.growFrom,
    place: state.placeNow,
    end: (kept: boolean) => {
      follow.current = null;
      if (kept) state.drop();
      else state.cancel();
    },
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
          {state.said}
        </p>
        {state.unkept && <Unkept onSettle={state.settle} />}
        <Hidden
          tiles={state.hidden}
          onShow={(key) => {
            hide(key, false);
          }}
        />
        <ol ref={grid} className="grid arranged editing" aria-label={t('panels')}>
          {shown.map((tile) => (
            <EditTile
              key={tile.key}
              tile={tile}
              from={titles.get(tile.module) ?? tile.module}
              lifted={lifted?.key === tile.key}
              onPress={() => {
                if (lifted?.key === tile.key) state.drop();
                else state.lift(tile.key);
              }}
              onGrab={(event) => {
                if (grid.current) follow.current = dragTile(grid.current, tile.key, event, drag(tile.key));
              }}
              onCorner={(event) => {
                if (grid.current) dragCorner(grid.current, event, drag(tile.key));
              }}
              onHide={() => {
                hide(tile.key, true);
              }}
            />
          ))}
        </ol>
      </div>
      <LayoutBar
        lifted={lifted}
        at={state.place + 1}
        count={shown.length}
        own={state.own}
        mayShare={mayShare}
        onMove={(by) => {
          state.moveTo(state.place + by);
        }}
        onGrow={state.grow}
        onHide={() => {
          if (lifted) hide(lifted.key, true);
        }}
        onDrop={() => {
          state.drop();
          refocus(grid.current, lifted?.key);
        }}
        onCancel={() => {
          state.cancel();
          refocus(grid.current, lifted?.key);
        }}
        onAsk={setAsking}
        onDone={() => {
          state.drop();
          onDone();
        }}
      />
      {asking === 'reset' && (
        <ResetDialog
          onReset={state.reset}
          onClose={() => {
            setAsking(null);
          }}
        />
      )}
      {asking === 'role' && (
        <Suspense>
          <RoleDefault
            items={state.items}
            onClose={() => {
              setAsking(null);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

/** Lets tiles glide to their new places; what is dragged stays under the pointer, and what is lifted in sight. */
function useFlow(grid: React.RefObject<HTMLOListElement | null>, { shown, lifted }: Arranger) {
  const follow = useRef<(() => void) | null>(null);
  const before = useRef<ReturnType<typeof placesIn>>(new Map());
  const order = shown.map((tile) => `${tile.key} ${String(tile.width)} ${String(tile.height)}`).join();
  const key = lifted?.key;
  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return;
    glide(element, before.current, follow.current ? key : undefined);
    before.current = placesIn(element);
    if (follow.current) follow.current();
    else if (key) elementOf(element, key)?.scrollIntoView({ block: 'nearest' });
  }, [grid, order, key]);
  return follow;
}

function Hidden({ tiles, onShow }: { tiles: Arranger['hidden']; onShow: (key: string) => void }) {
  if (tiles.length === 0) return null;
  return (
    <div className="row" role="group" aria-label={t('layout.hidden')}>
      <span className="label">{t('layout.hidden')}</span>
      {tiles.map((tile) => (
        <Button
          key={tile.key}
          aria-label={t('layout.show', { title: tile.meta.title })}
          onClick={() => {
            onShow(tile.key);
          }}
        >
          <span aria-hidden="true">+</span>
          {tile.meta.title}
        </Button>
      ))}
    </div>
  );
}

function refocus(grid: HTMLElement | null, key: string | undefined): void {
  if (grid && key) elementOf(grid, key)?.querySelector<HTMLElement>('.tile-grip')?.focus();
}
