import { useState } from 'react';
import { createStore, useStore } from '../store';

/** What the palette may open on the screen it leads to. */
export type Opening = 'user' | 'role' | 'key' | 'flag' | 'layout';

const asked = createStore<Opening | ''>('');

/** Asks the screen that has it to open something; '' asks nothing any more. */
export function askToOpen(what: Opening | ''): void {
  asked.set(what);
}

/** Whether something is open, which a person may have asked for elsewhere. */
export function useOpening(what: Opening): [open: boolean, setOpen: (open: boolean) => void] {
  const wanted = useStore(asked) === what;
  const [open, setOpen] = useState(false);
  return [
    open || wanted,
    (next) => {
      if (!next && wanted) asked.set('');
      setOpen(next);
    },
  ];
}
