import { useState } from 'react';

/** What somebody is writing over something that others may change meanwhile. */
export interface Draft<T> {
  value: T;
  set: (change: Partial<T>) => void;
  dirty: boolean;
  /** What the draft began from, with the tag that a change has to name. */
  base: { item: T; etag: string };
  /** Somebody else saved since, and this draft would undo it unseen. */
  conflict: boolean;
  /** Begins again from the latest. */
  adopt: (next?: { item: T; etag: string }) => void;
  /** Keeps what was written, now as a change of the latest. */
  rebase: () => void;
}

/** A draft over the latest known state; while nothing was written it follows that. */
export function useDraft<T extends object>(latest: { item: T; etag: string }): Draft<T> {
  const [base, setBase] = useState(latest);
  const [written, setWritten] = useState<Partial<T>>({});
  const value = { ...base.item, ...written };
  const dirty = JSON.stringify(value) !== JSON.stringify(base.item);
  const moved = latest.etag !== base.etag;
  const adopt = (next = latest) => {
    setBase(next);
    setWritten({});
  };
  if (moved && !dirty) adopt();
  return {
    value,
    set: (change) => {
      setWritten({ ...written, ...change });
    },
    dirty,
    base,
    conflict: moved && dirty,
    adopt,
    rebase: () => {
      setBase(latest);
    },
  };
}
