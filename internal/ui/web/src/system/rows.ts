/** A row that is taller than the others: how many rows are above it, and by how much it is taller. */
export interface Tall {
  index: number;
  extra: number;
}

/** The rows to draw, and where. */
export interface Shown {
  first: number;
  /** Behind the last. */
  end: number;
}

/** How far a row's top is from the top of the list. `tall` is sorted by index. */
export function topOf(index: number, rowHeight: number, tall: Tall[]): number {
  let top = index * rowHeight;
  for (const row of tall) {
    if (row.index >= index) break;
    top += row.extra;
  }
  return top;
}

/** The height of all rows. */
export function heightOf(count: number, rowHeight: number, tall: Tall[]): number {
  return topOf(count, rowHeight, tall);
}

/** The row at a distance from the top of the list. */
export function rowAt(distance: number, rowHeight: number, tall: Tall[]): number {
  let extra = 0;
  for (const row of tall) {
    const top = row.index * rowHeight + extra;
    if (distance < top) break;
    if (distance < top + rowHeight + row.extra) return row.index;
    extra += row.extra;
  }
  return Math.max(0, Math.floor((distance - extra) / rowHeight));
}

const spare = 8;

/** The rows that a window shows, with a few more on both sides. */
export function shown(count: number, rowHeight: number, tall: Tall[], from: number, height: number): Shown {
  const first = Math.max(0, rowAt(from, rowHeight, tall) - spare);
  const end = Math.min(count, rowAt(from + height, rowHeight, tall) + 1 + spare);
  return { first: Math.min(first, end), end };
}
