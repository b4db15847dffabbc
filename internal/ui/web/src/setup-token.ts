import { config } from './config';

let token = '';

/** Takes the one-time token out of the address, so that neither history nor a shared link keeps it. */
export function takeSetupToken(): void {
  if (location.pathname !== config.base + 'setup' || location.hash.length < 2) return;
  const fragment = decodeURIComponent(location.hash.slice(1));
  token = /^token=/.test(fragment) ? fragment.slice('token='.length) : fragment;
  history.replaceState(null, '', location.pathname + location.search);
}

/** The token of the set-up link this page was opened with, or "". */
export function setupToken(): string {
  return token;
}
