/** Where something is on the screen. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Point {
  x: number;
  y: number;
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/**
 * The place an arrow leads to: left and right are the one before and the one after, up and down the nearest in the
 * row above or below. At the edge it stays.
 */
export function neighbour(boxes: readonly Box[], from: number, direction: Direction): number {
  const own = boxes[from];
  if (!own) return from;
  if (direction === 'left') return Math.max(0, from - 1);
  if (direction === 'right') return Math.min(boxes.length - 1, from + 1);
  const up = direction === 'up';
  // Half a pixel of tolerance: boxes are measured after rounding.
  const beyond = (box: Box) => (up ? box.bottom <= own.top + 0.5 : box.top >= own.bottom - 0.5);
  const distance = (box: Box) =>
    (up ? own.top - box.bottom : box.top - own.bottom) * 1000 + Math.abs(middle(box).x - middle(own).x);
  let best = -1;
  boxes.forEach((box, index) => {
    if (!beyond(box)) return;
    const now = boxes[best];
    if (!now || distance(box) < distance(now)) best = index;
  });
  if (best >= 0) return best;
  return up ? 0 : boxes.length - 1;
}

/** The place for what is dragged from `from` to a point: before or after the box there, by its nearer half. */
export function dropAt(boxes: readonly Box[], from: number, point: Point): number {
  const over = boxes.findIndex((box, index) => index !== from && holds(box, point));
  const box = boxes[over];
  if (!box) return from;
  const wide = box.right - box.left > (box.bottom - box.top) * 3;
  const after = wide ? point.y > middle(box).y : point.x > middle(box).x;
  const slot = after ? over + 1 : over;
  return slot > from ? slot - 1 : slot;
}

/** How many columns and rows a corner was dragged over. */
export function steps(dragged: Point, cell: Point, gap: number): { wider: number; taller: number } {
  const count = (length: number, unit: number) => Math.round(length / (unit + gap)) || 0;
  return { wider: count(dragged.x, cell.x), taller: count(dragged.y, cell.y) };
}

function holds(box: Box, { x, y }: Point): boolean {
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

function middle(box: Box): Point {
  return { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
}
