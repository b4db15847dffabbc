import type { TimeseriesData } from '../api/types';
import { t } from '../strings';
import type { UsageLine, UsageReport } from './types';

/** What usage is grouped by, besides days. */
export const groups = ['model', 'provider', 'user', 'module', 'role', 'key'] as const;
export type Group = (typeof groups)[number];

/** For how many days back. */
export const ranges = [7, 30, 90] as const;

const dayMs = 86_400_000;

/** The first and the last of so many days that end today, in UTC as the server counts them. */
export function daysUntil(now: number, days: number): { from: string; to: string } {
  const day = (ago: number) => new Date(now - ago * dayMs).toISOString().slice(0, 10);
  return { from: day(days - 1), to: day(0) };
}

/** Every day of a report, those of which it has nothing with zeros. */
export function byDay(
  report: UsageReport,
  from: string,
  to: string,
): { times: number[]; lines: UsageLine[] } {
  const known = new Map(report.items.map((line) => [line.key, line]));
  const times: number[] = [];
  const lines: UsageLine[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += dayMs) {
    const key = new Date(at).toISOString().slice(0, 10);
    const [year = 0, month = 1, day = 1] = key.split('-').map(Number);
    // The day by its name: where the reader is, it begins at another time.
    times.push(new Date(year, month - 1, day).getTime() / 1000);
    lines.push(known.get(key) ?? nothing(key));
  }
  return { times, lines };
}

function nothing(key: string): UsageLine {
  const cost = { micros: 0, currency: '', unknown: false };
  return { key, requests: 0, errors: 0, cached: 0, input: 0, output: 0, cost, p50_ms: 0, p95_ms: 0 };
}

/** The curve of the money, in the currency that most was paid in. */
export function spendCurve(report: UsageReport, from: string, to: string): TimeseriesData {
  const { times, lines } = byDay(report, from, to);
  const { currency } = report.total.cost;
  const values = lines.map(({ cost }) => (cost.currency === currency ? cost.micros / 1e6 : 0));
  return { as_of: '', times, unit: currency, series: [{ name: t('ai.stat.spend'), values }] };
}

/** The curves of the tokens. */
export function tokenCurves(report: UsageReport, from: string, to: string): TimeseriesData {
  const { times, lines } = byDay(report, from, to);
  return {
    as_of: '',
    times,
    unit: 'count',
    series: [
      { name: t('ai.usage.input'), values: lines.map((line) => line.input) },
      { name: t('ai.usage.output'), values: lines.map((line) => line.output) },
    ],
  };
}
