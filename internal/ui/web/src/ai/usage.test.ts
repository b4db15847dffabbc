import { describe, expect, it } from 'vitest';
import { costWords, money } from './money';
import { grouped } from './model-field';
import type { UsageLine, UsageReport } from './types';
import { byDay, daysUntil, spendCurve, tokenCurves } from './usage';

const line = (key: string, micros: number, currency = 'USD'): UsageLine => ({
  key,
  requests: 2,
  errors: 0,
  cached: 0,
  input: 30,
  output: 7,
  cost: { micros, currency, unknown: false },
  p50_ms: 1,
  p95_ms: 2,
});
const report: UsageReport = {
  from: '2026-03-28',
  to: '2026-03-30',
  items: [line('2026-03-28', 1_500_000), line('2026-03-30', 9_000_000, 'EUR')],
  total: line('', 1_500_000),
};

describe('usage by day', () => {
  it('asks for days as the server counts them', () => {
    expect(daysUntil(Date.UTC(2026, 2, 1, 23, 59), 7)).toEqual({ from: '2026-02-23', to: '2026-03-01' });
    expect(daysUntil(Date.UTC(2026, 0, 1), 1)).toEqual({ from: '2026-01-01', to: '2026-01-01' });
  });

  it('has every day, also that on which the clocks change', () => {
    const { times, lines } = byDay(report, '2026-03-27', '2026-03-30');
    expect(lines.map(({ key, requests }) => [key, requests])).toEqual([
      ['2026-03-27', 0],
      ['2026-03-28', 2],
      ['2026-03-29', 0],
      ['2026-03-30', 2],
    ]);
    expect(times.map((at) => new Date(at * 1000).getDate())).toEqual([27, 28, 29, 30]);
  });

  it('does not add up currencies', () => {
    expect(spendCurve(report, '2026-03-28', '2026-03-30').series[0]?.values).toEqual([1.5, 0, 0]);
    expect(tokenCurves(report, '2026-03-28', '2026-03-30').series.map(({ values }) => values)).toEqual([
      [30, 0, 30],
      [7, 0, 7],
    ]);
  });
});

describe('money', () => {
  it.each([
    [0, 'USD', '$0.00'],
    [1_204, 'USD', '$0.0012'],
    [99_999, 'USD', '$0.10'],
    [412_300_000, 'USD', '$412.30'],
    [2_500_000, 'EUR', '€2.50'],
    [5_000_000, 'no', '5 no'],
  ])('of %d millionths %s is %s', (micros, currency, want) => {
    expect(money(micros, currency)).toBe(want);
  });

  it('says what is not known', () => {
    expect(costWords({ micros: 0, currency: '', unknown: true })).toBe('no price known');
    expect(costWords({ micros: 0, currency: '', unknown: false })).toBe('–');
    expect(costWords({ micros: 500_000, currency: 'USD', unknown: true })).toBe('$0.50 and more');
  });
});

it('lists aliases before the models of each provider', () => {
  const models = [
    { name: 'openai/a', provider: 'openai', kind: 'model' as const },
    { name: 'fast', kind: 'alias' as const },
    { name: 'ollama/b', provider: 'ollama', kind: 'model' as const },
    { name: 'openai/c', provider: 'openai', kind: 'model' as const },
  ];
  expect(grouped(models).map(([group, list]) => [group, list.map(({ name }) => name)])).toEqual([
    ['', ['fast']],
    ['openai', ['openai/a', 'openai/c']],
    ['ollama', ['ollama/b']],
  ]);
});
