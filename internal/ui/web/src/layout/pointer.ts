import { dropAt, steps as stepsOf, type Box, type Point } from './geometry';

/** How far a pointer goes before it drags, so that a press stays a press. */
const slack = 5;
/** How far it goes between two moves, so that tiles of other sizes do not trade places for ever. */
const rest = 16;
const edge = 72;

interface Steps {
  /** The drag begins. */
  lift: () => void;
  /** The place it now has among the shown. */
  move: (to: number) => void;
  /** The columns and rows it gained since. */
  size: (wider: number, taller: number) => void;
  /** It ends: kept, or as it was. */
  end: (kept: boolean) => void;
  /** Where the dragged tile stands among the shown. */
  place: () => number;
}

/** The tiles of a grid in their order. */
function tilesIn(grid: HTMLElement): HTMLElement[] {
  return [...grid.querySelectorAll<HTMLElement>(':scope > [data-tile]')];
}

/** The tile of a key. */
export function elementOf(grid: HTMLElement, key: string): HTMLElement | undefined {
  return tilesIn(grid).find((tile) => tile.dataset['tile'] === key);
}

/** Where tiles have their place, whatever moves them about on the way there. */
export function boxesIn(grid: HTMLElement): Box[] {
  const { left, top } = grid.getBoundingClientRect();
  return tilesIn(grid).map((tile) => ({
    left: left + tile.offsetLeft,
    top: top + tile.offsetTop,
    right: left + tile.offsetLeft + tile.offsetWidth,
    bottom: top + tile.offsetTop + tile.offsetHeight,
  }));
}

/** Drags a tile by its grip. The tile follows the pointer; `follow` puts it there again after it was drawn anew. */
export function dragTile(grid: HTMLElement, key: string, down: PointerEvent, steps: Steps): () => void {
  const tile = () => elementOf(grid, key);
  const box = tile()?.getBoundingClientRect();
  const grab = { x: down.clientX - (box?.left ?? 0), y: down.clientY - (box?.top ?? 0) };
  let at: Point = { x: down.clientX, y: down.clientY };
  let moved: Point | null = null;
  let began = false;

  const follow = () => {
    const element = tile();
    if (!began || !element) return;
    const { left, top } = grid.getBoundingClientRect();
    const x = at.x - grab.x - left - element.offsetLeft;
    const y = at.y - grab.y - top - element.offsetTop;
    element.style.transform = `translate(${String(x)}px, ${String(y)}px)`;
  };
  track(down, {
    move(event) {
      at = { x: event.clientX, y: event.clientY };
      if (!began && Math.hypot(at.x - down.clientX, at.y - down.clientY) < slack) return;
      if (!began) {
        began = true;
        steps.lift();
      }
      scrollNear(at.y);
      if (!moved || Math.hypot(at.x - moved.x, at.y - moved.y) > rest) {
        const from = steps.place();
        const to = dropAt(boxesIn(grid), from, at);
        if (to !== from) {
          moved = at;
          steps.move(to);
        }
      }
      follow();
    },
    end(kept) {
      const element = tile();
      if (element) element.style.transform = '';
      if (began) steps.end(kept);
    },
  });
  return follow;
}

/** Resizes a tile by its corner. */
export function dragCorner(grid: HTMLElement, down: PointerEvent, steps: Steps): void {
  const style = getComputedStyle(grid);
  const gap = parseFloat(style.columnGap) || 0;
  const count = style.gridTemplateColumns.split(' ').length;
  const cell = {
    x: (grid.clientWidth - gap * (count - 1)) / count,
    y: rowHeight(style),
  };
  steps.lift();
  track(down, {
    move(event) {
      const dragged = { x: event.clientX - down.clientX, y: event.clientY - down.clientY };
      const { wider, taller } = stepsOf(dragged, cell, gap);
      steps.size(wider, taller);
    },
    end: steps.end,
  });
}

// The rows that `minmax(…px, auto)` asks for, in pixels.
function rowHeight(style: CSSStyleDeclaration): number {
  return parseFloat(/[\d.]+px/.exec(style.gridAutoRows)?.[0] ?? '') || 180;
}

// The window hears the pointer wherever it goes; an element that is drawn at another place would lose it.
function track(
  down: PointerEvent,
  on: { move: (event: PointerEvent) => void; end: (kept: boolean) => void },
): void {
  const stop = new AbortController();
  const { signal } = stop;
  const own = (event: PointerEvent) => event.pointerId === down.pointerId;
  const finish = (kept: boolean) => {
    stop.abort();
    on.end(kept);
  };
  addEventListener('pointermove', (event) => own(event) && on.move(event), { signal });
  addEventListener('pointerup', (event) => own(event) && finish(true), { signal });
  addEventListener('pointercancel', (event) => own(event) && finish(false), { signal });
  addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      finish(false);
    },
    { signal, capture: true },
  );
}

function scrollNear(y: number): void {
  if (y < edge * 1.5) scrollBy(0, -12);
  else if (y > innerHeight - edge) scrollBy(0, 12);
}

/** Lets tiles glide from where they were; `before` is by key. Who wants no motion gets none. */
export function glide(
  grid: HTMLElement,
  before: ReadonlyMap<string, Point>,
  except: string | undefined,
): void {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  for (const tile of tilesIn(grid)) {
    const key = tile.dataset['tile'] ?? '';
    const from = before.get(key);
    if (!from || key === except) continue;
    const x = from.x - tile.offsetLeft;
    const y = from.y - tile.offsetTop;
    if (x === 0 && y === 0) continue;
    tile.animate([{ transform: `translate(${String(x)}px, ${String(y)}px)` }, { transform: 'none' }], {
      duration: 140,
      easing: 'ease-out',
    });
  }
}

/** Where tiles have their place now, by key. */
export function placesIn(grid: HTMLElement): Map<string, Point> {
  return new Map(
    tilesIn(grid).map((tile) => [tile.dataset['tile'] ?? '', { x: tile.offsetLeft, y: tile.offsetTop }]),
  );
}
