import { measured } from '../format';
import { t } from '../strings';

const shorthands: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const maxTimes = 4;

/** One field of a cron expression, as far as it can be said in words. */
type Field =
  | { kind: 'any' }
  | { kind: 'step'; step: number }
  | { kind: 'list'; values: number[] }
  | { kind: 'range'; from: number; to: number };

/** A job's schedule as a person would say it; undefined when only the expression itself says it well. */
export function scheduleWords(schedule: string, locale: string): string | undefined {
  const text = schedule.trim();
  if (text.startsWith('@every ')) return every(text.slice('@every '.length).trim());
  const fields = (shorthands[text.toLowerCase()] ?? text).split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minute, hour, day, month, weekday] = [
    field(fields[0]),
    field(fields[1]),
    field(fields[2]),
    field(fields[3], months, 1),
    field(fields[4], weekdays),
  ];
  if (!minute || !hour || !day || !month || !weekday) return undefined;
  const times = timesOf(minute, hour, locale);
  if (times) return datedTimes(times, day, month, weekday, locale);
  // What repeats within the day is said with days of the week only.
  if (day.kind !== 'any' || month.kind !== 'any') return undefined;
  const what = repeated(minute, hour, locale);
  if (!what) return undefined;
  if (weekday.kind === 'any') return what;
  const days = daysOf(weekday, locale);
  return days && t('schedule.on', { what, days });
}

function field(text = '', names: string[] = [], base = 0): Field | undefined {
  if (text === '*' || text === '?') return { kind: 'any' };
  const step = /^\*\/(\d+)$/.exec(text);
  if (step) return step[1] === '1' ? { kind: 'any' } : { kind: 'step', step: Number(step[1]) };
  const value = (part: string) => {
    const named = names.indexOf(part.toUpperCase());
    return named >= 0 ? named + base : /^\d+$/.test(part) ? Number(part) : NaN;
  };
  const ends = text.split('-');
  if (ends.length === 2) {
    const [from = NaN, to = NaN] = ends.map(value);
    return Number.isNaN(from + to) ? undefined : { kind: 'range', from, to };
  }
  const values = text.split(',').map(value);
  return values.some(Number.isNaN) ? undefined : { kind: 'list', values };
}

function single(of: Field): number | undefined {
  return of.kind === 'list' && of.values.length === 1 ? of.values[0] : undefined;
}

function clockTime(hour: number, minute: number, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' });
  return format.format(Date.UTC(2024, 0, 1, hour, minute));
}

function listed(parts: string[], locale: string): string {
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(parts);
}

/** The times of the day, when there are few. */
function timesOf(minute: Field, hour: Field, locale: string): string | undefined {
  if (minute.kind !== 'list' || hour.kind !== 'list') return undefined;
  if (minute.values.length * hour.values.length > maxTimes) return undefined;
  const times = hour.values.flatMap((h) => minute.values.map((m) => clockTime(h, m, locale)));
  return listed(times, locale);
}

function datedTimes(times: string, day: Field, month: Field, weekday: Field, locale: string) {
  if (day.kind === 'any' && month.kind === 'any') {
    if (weekday.kind === 'any') return t('schedule.daily', { times });
    const days = daysOf(weekday, locale);
    return days && t('schedule.days', { days, times });
  }
  const [inMonth, inYear] = [single(day), single(month)];
  if (weekday.kind !== 'any' || inMonth === undefined) return undefined;
  if (month.kind === 'any') return t('schedule.monthly', { day: inMonth, times });
  if (inYear === undefined) return undefined;
  const format = new Intl.DateTimeFormat(locale, { month: 'long', day: 'numeric', timeZone: 'UTC' });
  return t('schedule.yearly', { date: format.format(Date.UTC(2024, inYear - 1, inMonth)), times });
}

function repeated(minute: Field, hour: Field, locale: string): string | undefined {
  const at = single(minute);
  if (at !== undefined) {
    if (hour.kind === 'any') return at === 0 ? t('schedule.hour') : t('schedule.hour.at', { minute: at });
    if (hour.kind === 'step')
      return at === 0 ? hours(hour.step) : t('schedule.hours.at', { count: hour.step, minute: at });
    if (hour.kind !== 'range') return undefined;
    const what = at === 0 ? t('schedule.hour') : t('schedule.hour.at', { minute: at });
    return within(what, clockTime(hour.from, at, locale), clockTime(hour.to, at, locale));
  }
  const what =
    minute.kind === 'any' ? t('schedule.minute') : minute.kind === 'step' ? minutes(minute.step) : undefined;
  if (!what || hour.kind === 'any') return what;
  if (hour.kind !== 'range') return undefined;
  return within(what, clockTime(hour.from, 0, locale), clockTime(hour.to, 59, locale));
}

function within(what: string, from: string, until: string): string {
  return t('schedule.within', { what, from, until });
}

function minutes(count: number): string {
  return count === 1 ? t('schedule.minute') : t('schedule.minutes', { count });
}

function hours(count: number): string {
  return count === 1 ? t('schedule.hour') : t('schedule.hours', { count });
}

function daysOf(weekday: Field, locale: string): string | undefined {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' });
  // 7 January 2024 is a Sunday; cron writes it as 0 and as 7.
  const name = (day: number) => format.format(Date.UTC(2024, 0, 7 + (day % 7)));
  if (weekday.kind === 'range')
    return t('schedule.range', { from: name(weekday.from), to: name(weekday.to) });
  if (weekday.kind !== 'list') return undefined;
  return listed(weekday.values.map(name), locale);
}

const spans: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

/** The seconds of a Go duration such as 1h30m; undefined for what is none. */
export function seconds(duration: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+$/.test(duration)) return undefined;
  const parts = duration.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g);
  return [...parts].reduce((total, [, count, unit = '']) => total + Number(count) * (spans[unit] ?? 0), 0);
}

function every(duration: string): string | undefined {
  const span = seconds(duration);
  if (!span) return undefined;
  if (span % 3600 === 0) return hours(span / 3600);
  if (span % 60 === 0) return minutes(span / 60);
  return t('schedule.every', { span: measured(span, 'seconds') });
}
