import type { en } from './en';
import type { Entry } from './words';

export type { Entry };

export type Key = keyof typeof en;
export type Values = Record<string, string | number>;

let rules = new Intl.PluralRules('en');
let spoken: readonly (Entry | null)[] = [];

/** Makes t() speak a language: its entries in the order of the English catalog. None: English. */
export function speak(locale: string, entries: readonly (Entry | null)[]): void {
  rules = new Intl.PluralRules(locale);
  spoken = entries;
}

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

/** The sentence of a number in the catalog, in English where the language has none. */
export function say(index: number, english: Entry, values?: Values): string {
  return fill(spoken[index] ?? english, values);
}

/** The sentence of a key. The build puts its number and the English sentence in the key's place: see vite-strings.ts. */
export const t = say as unknown as (key: Key, values?: Values) => string;
