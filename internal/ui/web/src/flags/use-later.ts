import { useEffect, useState } from 'react';
import { same } from './definition';

/** A value once it has not changed for a moment. */
export function useLater<T>(value: T, pauseMs: number): T {
  const [settled, settle] = useState(value);
  const changed = !same(settled, value);
  const text = JSON.stringify(value);
  useEffect(() => {
    if (!changed) return;
    const timer = setTimeout(() => {
      settle(JSON.parse(text) as T);
    }, pauseMs);
    return () => {
      clearTimeout(timer);
    };
  }, [changed, text, pauseMs]);
  return settled;
}
