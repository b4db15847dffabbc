import { locale, region } from './locale';
import { t } from './strings';

function make(tag: string) {
  const upTo = (maximumFractionDigits: number) => new Intl.NumberFormat(tag, { maximumFractionDigits });
  return {
    whole: upTo(0),
    one: upTo(1),
    two: upTo(2),
    small: new Intl.NumberFormat(tag, { maximumSignificantDigits: 2 }),
    compact: new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 }),
    dateTime: new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'medium' }),
    dateOnly: new Intl.DateTimeFormat(tag, { dateStyle: 'medium' }),
    timeOnly: new Intl.DateTimeFormat(tag, { timeStyle: 'medium' }),
    relative: new Intl.RelativeTimeFormat(tag, { numeric: 'auto' }),
  };
}

let made: ReturnType<typeof make> | undefined;
locale.subscribe(() => {
  made = undefined;
});

// Formats are made on first need and again for another language.
function formats(): ReturnType<typeof make> {
  return (made ??= make(region()));
}

/** A number with as many digits as a person reads at its size. */
export function number(value: number): string {
  const { whole, one, two, small } = formats();
  const size = Math.abs(value);
  if (size === 0 || size >= 100) return whole.format(value);
  if (size >= 10) return one.format(value);
  return size >= 0.1 ? two.format(value) : small.format(value);
}

/** A number for a place with room for six characters, such as an axis. */
export function short(value: number): string {
  return Math.abs(value) >= 10_000 ? formats().compact.format(value) : number(value);
}

/** A value split from its unit, so that the unit can be set smaller. */
export interface Measure {
  value: string;
  unit: string;
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function scaledBytes(value: number): Measure {
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 1024 && step < byteUnits.length - 1) {
    scaled /= 1024;
    step++;
  }
  return { value: step === 0 ? formats().whole.format(scaled) : number(scaled), unit: byteUnits[step] ?? '' };
}

function scaledSeconds(value: number): Measure {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1 && size < 60)) return { value: number(value), unit: 's' };
  if (size < 1e-3) return { value: number(value * 1e6), unit: 'µs' };
  if (size < 1) return { value: number(value * 1e3), unit: 'ms' };
  // Two units at most, both as large as the number they belong to.
  const sign = value < 0 ? '-' : '';
  const pair = (first: number, one: string, second: number, two: string) => ({
    value: `${sign}${formats().whole.format(first)} ${one} ${String(second)} ${two}`,
    unit: '',
  });
  const minutes = Math.floor(size / 60);
  if (size < 3600) return pair(minutes, 'min', Math.floor(size % 60), 's');
  const hours = Math.floor(size / 3600);
  if (size < 86_400) return pair(hours, 'h', minutes % 60, 'min');
  return pair(Math.floor(size / 86_400), 'd', hours % 24, 'h');
}

/** A measured value in the contract's units: percent, bytes, bytes_per_second, seconds, count or free text. */
export function measure(value: number, unit = ''): Measure {
  switch (unit) {
    case 'bytes':
      return scaledBytes(value);
    case 'bytes_per_second': {
      const scaled = scaledBytes(value);
      return { value: scaled.value, unit: scaled.unit + '/s' };
    }
    case 'seconds':
      return scaledSeconds(value);
    case 'percent':
      return { value: Math.abs(value) >= 0.1 ? formats().one.format(value) : number(value), unit: '%' };
    case 'count':
      return { value: number(value), unit: '' };
    default:
      return { value: number(value), unit };
  }
}

/** The sign after a percentage; some languages keep it a little apart. */
export function percentSign(): string {
  return locale.get() === 'de' ? '\u202f%' : '%';
}

/** A measured value as one piece of text. */
export function measured(value: number, unit?: string): string {
  const parts = measure(value, unit);
  if (parts.unit === '') return parts.value;
  return parts.unit === '%' ? parts.value + percentSign() : `${parts.value} ${parts.unit}`;
}

/** The same, short enough for an axis. */
export function axis(value: number, unit?: string): string {
  return unit === 'count' || !unit ? short(value) : measured(value, unit);
}

/** Date and time, to the second, in the reader's zone. */
export function absolute(at: string | number | Date): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : formats().dateTime.format(date);
}

/** The day, in the reader's zone. */
export function date(at: string | number | Date): string {
  const day = new Date(at);
  return Number.isNaN(day.getTime()) ? '' : formats().dateOnly.format(day);
}

/** Time of day, to the second. */
export function clock(at: string | number | Date): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : formats().timeOnly.format(date);
}

const spans: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** How long ago or ahead a moment is, in the largest unit that fits. */
export function ago(at: string | number | Date, now = Date.now()): string {
  const time = new Date(at).getTime();
  if (Number.isNaN(time)) return '';
  const { relative } = formats();
  const seconds = (time - now) / 1000;
  for (const [unit, span] of spans) {
    if (Math.abs(seconds) >= span) return relative.format(Math.trunc(seconds / span), unit);
  }
  return Math.abs(seconds) < 10 ? t('time.now') : relative.format(Math.trunc(seconds), 'second');
}
