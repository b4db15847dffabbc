import { afterEach, describe, expect, it } from 'vitest';
import { absolute, ago, axis, clock, measure, measured, number } from './format';
import { locale } from './locale';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [0.00123, '0.0012'],
    [0.5, '0.5'],
    [3.14159, '3.14'],
    [42.42, '42.4'],
    [1234.5, '1,235'],
    [-7, '-7'],
  ])('%d reads %s', (value, want) => {
    expect(number(value)).toBe(want);
  });
});

describe('units', () => {
  it.each([
    [61.26, 'percent', '61.3%'],
    [0, 'percent', '0%'],
    [512, 'bytes', '512 B'],
    [1536, 'bytes', '1.5 KiB'],
    [12 * 2 ** 30, 'bytes', '12 GiB'],
    [2 ** 60, 'bytes', '1,024 PiB'],
    [2048, 'bytes_per_second', '2 KiB/s'],
    [0.0000042, 'seconds', '4.2 µs'],
    [0.235, 'seconds', '235 ms'],
    [12.5, 'seconds', '12.5 s'],
    [61, 'seconds', '1 min 1 s'],
    [3_725, 'seconds', '1 h 2 min'],
    [1_234_567, 'seconds', '14 d 6 h'],
    [-90, 'seconds', '-1 min 30 s'],
    [7, 'count', '7'],
    [7, 'requests', '7 requests'],
    [7, undefined, '7'],
  ])('%d %s reads %s', (value, unit, want) => {
    expect(measured(value, unit)).toBe(want);
  });

  it('splits a value from its unit', () => {
    expect(measure(1536, 'bytes')).toEqual({ value: '1.5', unit: 'KiB' });
  });

  it('shortens numbers on an axis', () => {
    expect(axis(12_500)).toBe('12.5K');
    expect(axis(2 ** 20, 'bytes')).toBe('1 MiB');
  });
});

describe('moments', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');

  it.each([
    ['2026-11-22T12:00:05Z', 'just now'],
    ['2026-11-22T11:59:30Z', '30 seconds ago'],
    ['2026-11-22T11:00:00Z', '1 hour ago'],
    ['2026-11-21T11:00:00Z', 'yesterday'],
    ['2026-11-25T12:00:00Z', 'in 3 days'],
    ['2024-11-22T12:00:00Z', '2 years ago'],
    ['nonsense', ''],
  ])('%s is %s', (at, want) => {
    expect(ago(at, now)).toBe(want);
  });

  it('are empty rather than invalid', () => {
    expect(absolute('nonsense')).toBe('');
    expect(clock('nonsense')).toBe('');
  });
});

describe('in German', () => {
  afterEach(() => {
    locale.set('en');
  });

  it('numbers, dates and percentages are written as Germans do', () => {
    const noon = new Date(2026, 2, 1, 12, 0, 0);
    expect(number(1234.5)).toBe('1,235');
    locale.set('de');
    expect(number(1234.5)).toBe('1.235');
    expect(measured(61.26, 'percent')).toBe('61,3\u202f%');
    expect(absolute(noon)).toBe('01.03.2026, 12:00:00');
    expect(ago(noon, noon.getTime() + 3 * 3_600_000)).toBe('vor 3 Stunden');
  });
});
