import { config } from './config';
import { createStore } from './store';

/** The token of the set-up link this page was opened with, or "". */
export const setupToken = createStore('');

function take(): void {
  if (location.pathname !== config.base + 'setup' || location.hash.length < 2) return;
  const fragment = decodeURIComponent(location.hash.slice(1));
  setupToken.set(fragment.replace(/^token=/, ''));
  history.replaceState(history.state, '', location.pathname + location.search);
}

/** Takes the one-time token out of the address, so that neither history nor a shared link keeps it. */
export function takeSetupToken(): void {
  take();
  // The link may also be opened in a tab that is on this page already.
  addEventListener('hashchange', take);
}
