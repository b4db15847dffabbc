import type { en } from './en';

export type Key = keyof typeof en;
export type Values = Record<string, string | number>;

/** A sentence, or its forms. */
export type Entry = string | { one: string; other: string };

const rules = new Intl.PluralRules('en');

/** Fills `{name}` in a sentence; of one with forms, that of `count`. */
export function fill(entry: Entry, values: Values = {}): string {
  const text =
    typeof entry === 'string'
      ? entry
      : rules.select(Number(values['count'])) === 'one'
        ? entry.one
        : entry.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The sentence of a key. The build puts the sentence in the key's place: see vite-strings.ts. */
export const t = fill as (key: Key, values?: Values) => string;
