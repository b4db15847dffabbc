import { describe, expect, it } from 'vitest';
import { heightOf, rowAt, shown, topOf } from './rows';

describe('rows of a height', () => {
  const tall = [
    { index: 2, extra: 100 },
    { index: 5, extra: 50 },
  ];

  it('begin where those above them end', () => {
    expect([0, 2, 3, 5, 6].map((index) => topOf(index, 10, tall))).toEqual([0, 20, 130, 150, 210]);
    expect(heightOf(7, 10, tall)).toBe(220);
  });

  it('are found by where they are, every pixel of them', () => {
    for (let index = 0; index < 10; index++) {
      const top = topOf(index, 10, tall);
      const next = topOf(index + 1, 10, tall);
      expect([top, (top + next) / 2, next - 1].map((at) => rowAt(at, 10, tall))).toEqual([
        index,
        index,
        index,
      ]);
    }
  });

  it('are drawn only where they are seen, with a few to spare', () => {
    expect(shown(100_000, 32, [], 1_600_000, 640)).toEqual({ first: 49_992, end: 50_029 });
    expect(shown(3, 32, [], 0, 640)).toEqual({ first: 0, end: 3 });
    expect(shown(0, 32, [], 0, 640)).toEqual({ first: 0, end: 0 });
    // Scrolled to what is no longer there.
    expect(shown(5, 32, [], 90_000, 640)).toEqual({ first: 5, end: 5 });
  });
});
