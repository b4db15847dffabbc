import { describe, expect, it } from 'vitest';
import type { PanelMeta } from '../api/types';
import { dropAt, neighbour, steps, type Box } from './geometry';
import { arrange, itemsOf, move, resize, same, setHidden, type Item, type Tile } from './model';

function panel(name: string, kind = 'stat', width = 1): PanelMeta {
  const [module = '', id = ''] = name.split('/');
  return { module, id, title: id, kind, width, refresh_seconds: 0, ranges: [] } as PanelMeta;
}

function item(name: string, width = 1, height = 1, hidden = false): Item {
  const [module = '', id = ''] = name.split('/');
  return { module, panel: id, width, height, hidden };
}

const panels = [panel('a/one'), panel('a/two', 'timeseries', 2), panel('b/one', 'table', 9), panel('b/two')];
const keys = (tiles: Tile[]) =>
  tiles.map(
    (tile) => `${tile.key} ${String(tile.width)}×${String(tile.height)}${tile.hidden ? ' hidden' : ''}`,
  );

describe('an arrangement', () => {
  it('of no layout is the default order and size', () => {
    expect(keys(arrange(panels, []))).toEqual(['a/one 1×1', 'a/two 2×2', 'b/one 4×2', 'b/two 1×1']);
  });

  it('follows the layout, appends what that does not name, and leaves out what is not there', () => {
    const items = [item('b/two', 3, 2), item('gone/x'), item('a/one', 2, 1, true), item('b/two', 1, 1)];
    expect(keys(arrange(panels, items))).toEqual(['b/two 3×2', 'a/one 2×1 hidden', 'a/two 2×2', 'b/one 4×2']);
  });

  it('never takes a size there is not', () => {
    expect(keys(arrange([panel('a/one')], [item('a/one', 77, -3)]))).toEqual(['a/one 4×1']);
    expect(keys(arrange([panel('a/one')], [item('a/one', Number.NaN, 2.7)]))).toEqual(['a/one 1×2']);
  });
});

describe('what is kept', () => {
  it('holds the place of panels that cannot be seen now', () => {
    const before = [item('gone/first'), item('a/one'), item('gone/x', 2, 2, true), item('b/two')];
    const tiles = move(arrange(panels, before), 'b/two', 0);
    expect(itemsOf(tiles, before).map((kept) => `${kept.module}/${kept.panel}`)).toEqual([
      'gone/first',
      'b/two',
      'a/one',
      'gone/x',
      'a/two',
      'b/one',
    ]);
    expect(itemsOf(tiles, before)[3]).toEqual(item('gone/x', 2, 2, true));
  });
});

describe('a change', () => {
  const tiles = arrange(panels, []);
  it('moves among the shown', () => {
    const hidden = setHidden(tiles, 'a/two', true);
    expect(keys(hidden).at(-1)).toBe('a/two 2×2 hidden');
    expect(keys(move(hidden, 'b/two', 1))).toEqual([
      'a/one 1×1',
      'b/two 1×1',
      'b/one 4×2',
      'a/two 2×2 hidden',
    ]);
    expect(keys(move(tiles, 'a/one', 99)).at(-1)).toBe('a/one 1×1');
    expect(keys(move(tiles, 'b/two', -5))[0]).toBe('b/two 1×1');
    expect(same(move(tiles, 'nobody/x', 0), tiles)).toBe(true);
  });

  it('resizes within the grid', () => {
    expect(keys(resize(tiles, 'a/one', -1, 5))[0]).toBe('a/one 1×3');
    expect(keys(resize(tiles, 'a/two', 1, -1))[1]).toBe('a/two 3×1');
    expect(keys(resize(tiles, 'b/one', 1, 0))[2]).toBe('b/one 4×2');
  });

  it('shows again at the end', () => {
    expect(keys(setHidden(setHidden(tiles, 'a/one', true), 'a/one', false)).at(-1)).toBe('a/one 1×1');
  });

  it('is told from none', () => {
    expect(same(tiles, arrange(panels, []))).toBe(true);
    expect(same(tiles, resize(tiles, 'a/one', 1, 0))).toBe(false);
    expect(same(tiles, move(tiles, 'a/one', 1))).toBe(false);
    expect(same(tiles, setHidden(tiles, 'b/two', true))).toBe(false);
    expect(same(tiles, tiles.slice(1))).toBe(false);
  });
});

// Two rows of a four-column grid: a wide one beside two small ones, then three small ones.
const box = (left: number, top: number, width: number, height = 100): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});
const boxes = [
  box(0, 0, 210),
  box(220, 0, 100),
  box(330, 0, 100),
  box(0, 110, 100),
  box(110, 110, 100),
  box(220, 110, 100),
];

describe('an arrow', () => {
  it.each([
    [1, 'left', 0],
    [0, 'left', 0],
    [5, 'right', 5],
    [2, 'right', 3],
    [1, 'down', 5],
    [5, 'up', 1],
    [0, 'down', 3],
    [0, 'up', 0],
    [4, 'down', 5],
    [2, 'up', 0],
    [9, 'up', 9],
  ] as const)('from %d %s leads to %d', (from, direction, to) => {
    expect(neighbour(boxes, from, direction)).toBe(to);
  });
});

describe('a drop', () => {
  it.each([
    [5, 10, 10, 0],
    [5, 200, 10, 1],
    [0, 425, 50, 2],
    [0, 335, 50, 1],
    [3, 50, 150, 3],
    [3, 9999, 9999, 3],
  ])('of %d at %d, %d goes to %d', (from, x, y, to) => {
    expect(dropAt(boxes, from, { x, y })).toBe(to);
  });

  it('on a row of full width is above or below it', () => {
    const wide = [box(0, 0, 430), box(0, 110, 430), box(0, 220, 430)];
    expect(dropAt(wide, 2, { x: 400, y: 120 })).toBe(1);
    expect(dropAt(wide, 0, { x: 10, y: 200 })).toBe(1);
    expect(dropAt(wide, 0, { x: 10, y: 120 })).toBe(0);
  });
});

it('a corner tells columns and rows', () => {
  const cell = { x: 100, y: 180 };
  expect(steps({ x: 60, y: 90 }, cell, 10)).toEqual({ wider: 1, taller: 0 });
  expect(steps({ x: -230, y: 190 }, cell, 10)).toEqual({ wider: -2, taller: 1 });
  expect(steps({ x: 10, y: -10 }, cell, 10)).toEqual({ wider: 0, taller: 0 });
});
