import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Bars } from './bars';
import { cell } from './cell';
import { Spark } from './spark';
import { Stat } from './stat';
import { DataTable } from './table';

const as_of = '2026-11-22T12:00:00Z';
const text = (element: React.ReactNode) => render(<>{element}</>).container.textContent;

describe('a stat', () => {
  it('shows the number with its unit', () => {
    expect(text(<Stat data={{ value: 61.26, spark: [], as_of }} unit="percent" />)).toBe('61.3%');
    expect(text(<Stat data={{ value: 1536, unit: 'bytes', spark: [], as_of }} unit="percent" />)).toBe(
      '1.5 KiB',
    );
  });

  it('shows words in place of the number', () => {
    expect(text(<Stat data={{ value: 0, text: '…', note: 'measuring', spark: [], as_of }} />)).toBe(
      '…measuring',
    );
  });

  it.each([
    [4.2, 'up', 'good', 'up'],
    [4.2, 'down', 'bad', 'up'],
    [-3, 'down', 'good', 'down'],
    [-3, undefined, 'dim', 'down'],
  ])('tells a change of %d, where %s is good, as %s', (delta, delta_good, look, word) => {
    const { container } = render(
      <Stat data={{ value: 1, delta, ...(delta_good && { delta_good }), spark: [], as_of }} />,
    );
    expect(container.querySelector('.delta')?.className).toContain(look);
    expect(container.querySelector('.delta .visually-hidden')?.textContent.trim()).toBe(word);
  });

  it('shows no change of nothing', () => {
    const { container } = render(<Stat data={{ value: 1, delta: 0, spark: [], as_of }} />);
    expect(container.querySelector('.delta')).toBeNull();
  });
});

describe('a sparkline', () => {
  const path = (values: number[]) =>
    render(<Spark values={values} />)
      .container.querySelectorAll('path')[1]
      ?.getAttribute('d');

  it('spans its box', () => {
    expect(path([0, 10])).toBe('M0.00 28.00L100.00 2.00');
  });

  it('does not make news of noise', () => {
    const heights =
      path([100, 100.1])
        ?.match(/\d+\.\d+(?=L|$)/g)
        ?.map(Number) ?? [];
    expect(Math.abs((heights[0] ?? 0) - (heights[1] ?? 0))).toBeLessThan(1);
  });

  it('needs two values', () => {
    expect(path([1])).toBeUndefined();
    expect(path([])).toBeUndefined();
  });
});

describe('a table', () => {
  const columns = [
    { key: 'name', title: 'Name' },
    { key: 'size', title: 'Size', kind: 'bytes' },
  ];

  it('aligns numbers and can be scrolled by keyboard', () => {
    render(<DataTable title="Files" data={{ columns, rows: [{ name: 'a', size: 2048 }], as_of }} />);
    expect(screen.getByRole('cell', { name: '2 KiB' }).className).toBe('end');
    expect(screen.getByRole('region', { name: /Files/ }).tabIndex).toBe(0);
  });

  it('says when there is nothing', () => {
    expect(text(<DataTable title="Files" data={{ columns, rows: [], as_of }} />)).toBe('No rows.');
  });
});

describe('a cell', () => {
  it.each([
    ['text', 'a', 'a'],
    ['text', null, '–'],
    ['text', undefined, '–'],
    ['text', true, 'true'],
    ['text', { a: 1 }, '{"a":1}'],
    ['number', 1234, '1,234'],
    ['percent', 12.34, '12.3%'],
    ['duration', 90, '1 min 30 s'],
    ['something new', 'x', 'x'],
    [undefined, 7, '7'],
  ])('of kind %s shows %j as %s', (kind, value, want) => {
    expect(text(cell(kind, value))).toBe(want);
  });

  it('shows a time with the exact one as its title', () => {
    const { container } = render(<>{cell('time', as_of)}</>);
    expect(container.querySelector('time')?.title).toContain('2026');
  });
});

describe('bars', () => {
  const fills = (element: React.ReactElement) =>
    [...render(element).container.querySelectorAll<HTMLElement>('.bar-fill')].map(
      (bar) => bar.style.inlineSize,
    );

  it('are shares of the largest, of a hundred percent, or of their own limit', () => {
    const bars = [
      { label: 'a', value: 10 },
      { label: 'b', value: 40 },
    ];
    expect(fills(<Bars data={{ bars, as_of }} />)).toEqual(['25%', '100%']);
    expect(fills(<Bars data={{ bars, as_of }} unit="percent" />)).toEqual(['10%', '40%']);
    expect(fills(<Bars data={{ bars: [{ label: 'a', value: 10, max: 50 }], as_of }} />)).toEqual(['20%']);
  });

  it('survive zeros and nothing', () => {
    expect(fills(<Bars data={{ bars: [{ label: 'a', value: 0 }], as_of }} />)).toHaveLength(1);
    expect(text(<Bars data={{ bars: [], as_of }} />)).toBe('No rows.');
  });
});
