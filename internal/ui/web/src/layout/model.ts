import type { PanelMeta } from '../api/types';

/** One panel's place, as the server keeps it. */
export interface Item {
  module: string;
  panel: string;
  /** Columns, 1 to 4. */
  width: number;
  /** Rows, 1 to 3. */
  height: number;
  hidden: boolean;
}

export interface Layout {
  source: 'own' | 'role' | 'default';
  /** The role whose default it is. */
  role?: string;
  items: Item[];
}

/** A panel the person may see, with its place. */
export interface Tile extends Item {
  key: string;
  meta: PanelMeta;
}

export const columns = 4;
export const rows = 3;

const tall = new Set(['timeseries', 'table']);

/** What names a panel in a layout. */
export function keyOf(item: { module: string; panel: string }): string {
  return `${item.module}/${item.panel}`;
}

/** The panels in the order and sizes of a layout; those it does not name follow in their own order. */
export function arrange(panels: readonly PanelMeta[], items: readonly Item[]): Tile[] {
  const metas = new Map(panels.map((meta) => [keyOf({ module: meta.module, panel: meta.id }), meta]));
  const placed = items.flatMap((item) => {
    const key = keyOf(item);
    const meta = metas.get(key);
    if (!meta || !metas.delete(key)) return [];
    return [{ ...item, width: within(item.width, columns), height: within(item.height, rows), key, meta }];
  });
  const rest = [...metas].map(([key, meta]) => ({
    module: meta.module,
    panel: meta.id,
    width: within(meta.width || 1, columns),
    height: tall.has(meta.kind) ? 2 : 1,
    hidden: false,
    key,
    meta,
  }));
  return [...placed, ...rest];
}

/** What to keep of an arrangement. Panels that cannot be seen now keep their place behind the one they followed. */
export function itemsOf(tiles: readonly Tile[], before: readonly Item[]): Item[] {
  const plain = ({ module, panel, width, height, hidden }: Item): Item => ({
    module,
    panel,
    width,
    height,
    hidden,
  });
  const out = tiles.map(plain);
  const known = new Set(out.map(keyOf));
  before.forEach((item, index) => {
    if (known.has(keyOf(item))) return;
    const previous = before[index - 1];
    const at = previous ? out.findIndex((other) => keyOf(other) === keyOf(previous)) + 1 : 0;
    out.splice(at, 0, plain(item));
    known.add(keyOf(item));
  });
  return out;
}

/** Puts a tile at another place among those that show; hidden ones do not count. */
export function move(tiles: readonly Tile[], key: string, to: number): Tile[] {
  const shown = tiles.filter((tile) => !tile.hidden);
  const from = shown.findIndex((tile) => tile.key === key);
  const [tile] = from < 0 ? [] : shown.splice(from, 1);
  if (!tile) return [...tiles];
  shown.splice(Math.min(Math.max(to, 0), shown.length), 0, tile);
  return [...shown, ...tiles.filter((other) => other.hidden)];
}

/** Changes a tile's size by columns and rows, within what there is. */
export function resize(tiles: readonly Tile[], key: string, wider: number, taller: number): Tile[] {
  return tiles.map((tile) =>
    tile.key === key
      ? { ...tile, width: within(tile.width + wider, columns), height: within(tile.height + taller, rows) }
      : tile,
  );
}

/** Hides a tile, or shows it at the end. */
export function setHidden(tiles: readonly Tile[], key: string, hidden: boolean): Tile[] {
  const others = tiles.filter((tile) => tile.key !== key);
  const own = tiles.filter((tile) => tile.key === key).map((tile) => ({ ...tile, hidden }));
  if (hidden) return [...others, ...own];
  const shown = others.filter((tile) => !tile.hidden);
  return [...shown, ...own, ...others.filter((tile) => tile.hidden)];
}

/** The tile of a key. */
export function tileOf(tiles: readonly Tile[], key: string): Tile | undefined {
  return tiles.find((tile) => tile.key === key);
}

/** A tile's place among those that show, from 0. */
export function placeOf(tiles: readonly Tile[], key: string): number {
  return tiles.filter((tile) => !tile.hidden).findIndex((tile) => tile.key === key);
}

/** Whether two arrangements are the same to the eye and to the server. */
export function same(one: readonly Tile[], other: readonly Tile[]): boolean {
  return (
    one.length === other.length &&
    one.every((tile, index) => {
      const there = other[index];
      return (
        there?.key === tile.key &&
        there.width === tile.width &&
        there.height === tile.height &&
        there.hidden === tile.hidden
      );
    })
  );
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(1, Math.trunc(value) || 1));
}
