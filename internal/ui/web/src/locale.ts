import { config } from './config';
import { createStore } from './store';
import { speak } from './strings';
import type { Entry } from './strings/words';

/** The languages, each by its own name. */
export const locales = { en: 'English', de: 'Deutsch' } as const;
export type Locale = keyof typeof locales;

type Part = () => Promise<{ default: readonly (Entry | null)[] }>;

const catalogs: Record<Exclude<Locale, 'en'>, [core: Part, rest: Part]> = {
  de: [() => import('virtual:words/de/core'), () => import('virtual:words/de/rest')],
};

const cookie = 'dashboard-locale';
const year = 365 * 24 * 3600;

/** The language of this page: the person's choice, else the best of what the browser asks for; the server knows. */
export const locale = createStore<Locale>(known(document.documentElement.lang));

/** What Intl formats for: the browser's own variety of the language, if it has one. */
export function region(): string {
  const chosen = locale.get();
  return navigator.languages.find((tag) => tag === chosen || tag.startsWith(chosen + '-')) ?? chosen;
}

let rest: Promise<void> | undefined;

/** Loads the words of the first screen; without them the page speaks English. */
export async function firstWords(): Promise<void> {
  const chosen = locale.get();
  if (chosen === 'en') return;
  const core = await catalogs[chosen][0]().catch(() => ({ default: [] }));
  speak(chosen, core.default);
}

/** Loads all other words, once. A screen waits for them as it does for its own code. */
export function allWords(): Promise<void> | undefined {
  const chosen = locale.get();
  if (chosen === 'en') return undefined;
  rest ??= learn(chosen).catch((error: unknown) => {
    rest = undefined;
    throw error;
  });
  return rest;
}

async function learn(next: Exclude<Locale, 'en'>): Promise<void> {
  const [core, more] = await Promise.all(catalogs[next].map((part) => part()));
  if (core && more) speak(next, [...core.default, ...more.default]);
}

/** Switches the language of this page and of those to come. */
export async function setLocale(next: Locale): Promise<void> {
  if (next === 'en') speak('en', []);
  else await (rest = learn(next));
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `${cookie}=${next}; path=${config.base}; max-age=${String(year)}; samesite=lax${secure}`;
  document.documentElement.lang = next;
  locale.set(next);
}

function known(tag: string): Locale {
  return Object.hasOwn(locales, tag) ? (tag as Locale) : 'en';
}
