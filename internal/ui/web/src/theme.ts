import { config } from './config';
import { createStore } from './store';

export type Theme = 'auto' | 'light' | 'dark';

const cookie = 'dashboard-theme';
const year = 365 * 24 * 3600;

function stored(): Theme {
  const found = document.cookie.split('; ').find((part) => part.startsWith(cookie + '='));
  const value = found?.slice(cookie.length + 1);
  return value === 'light' || value === 'dark' ? value : 'auto';
}

/** The theme the person chose; the server reads the same cookie, so a page never flashes. */
export const theme = createStore<Theme>(stored());

/** Applies a theme to this page and remembers it for the next. */
export function setTheme(next: Theme): void {
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `${cookie}=${next}; path=${config.base}; max-age=${String(year)}; samesite=lax${secure}`;
  theme.set(next);
  applyTheme();
}

/** Writes the chosen theme where the style sheet looks. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme.get();
}

const darkQuery = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null;

/** Which of the two looks is on the screen now. */
export function shownTheme(): 'light' | 'dark' {
  const chosen = theme.get();
  if (chosen !== 'auto') return chosen;
  return darkQuery?.matches ? 'dark' : 'light';
}

/** Calls back when the look changes, by choice or by the system. */
export function onThemeShown(listener: () => void): () => void {
  const stop = theme.subscribe(listener);
  darkQuery?.addEventListener('change', listener);
  return () => {
    stop();
    darkQuery?.removeEventListener('change', listener);
  };
}
