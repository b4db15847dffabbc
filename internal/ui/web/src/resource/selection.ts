import { useState } from 'react';
import { keyOf, labelOf, type Description, type Item } from './types';

/** How many items one request of an action may name. */
export const selectionLimit = 200;

/** What is selected, by key with its name, so that it can be spoken of when its page is gone from the screen. */
export interface Selection {
  items: ReadonlyMap<string, string>;
  set: (items: Item[], selected: boolean) => void;
  drop: (keys: string[]) => void;
}

const none: ReadonlyMap<string, string> = new Map();

/**
 * A selection over the pages of one list. It ends when `of` changes: what a filter hides must not be acted on unseen.
 */
export function useSelection(about: Description, of: string): Selection {
  const [now, setNow] = useState({ of, items: none });
  const items = now.of === of ? now.items : none;
  const change = (act: (next: Map<string, string>) => void) => {
    const next = new Map(items);
    act(next);
    setNow({ of, items: next });
  };
  return {
    items,
    set: (some, selected) => {
      change((next) => {
        for (const item of some) {
          if (selected) next.set(keyOf(about, item), labelOf(about, item));
          else next.delete(keyOf(about, item));
        }
      });
    },
    drop: (keys) => {
      change((next) => {
        keys.forEach((key) => next.delete(key));
      });
    },
  };
}
