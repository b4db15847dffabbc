// What the page remembers of this browser.

const prefix = 'dashboard.assistant.';

/** Keeps a text for the next time; empty: forgets it. A browser that keeps nothing begins anew. */
export function remember(storage, key, text) {
  try {
    if (text) storage.setItem(prefix + key, text);
    else storage.removeItem(prefix + key);
  } catch {
    // nothing is kept
  }
}

export function recall(storage, key) {
  try {
    return storage.getItem(prefix + key) ?? '';
  } catch {
    return '';
  }
}
