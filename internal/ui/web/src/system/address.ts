import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

type Values = Record<string, string>;

/**
 * The query of the page's address as text, and a way to change parts of it; an empty value takes its part away. What
 * a screen shows is kept there, so that it can be sent to someone and survives a reload.
 */
export function useAddress(): [Values, (changes: Values, push?: boolean) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (changes: Values, push = false) => {
      const next = (old: Record<string, unknown>) =>
        Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== ''));
      void navigate({ to: '.', search: next as never, replace: !push, resetScroll: false });
    },
    [navigate],
  );
  // The router reads a value that looks like a number as one.
  const values = Object.fromEntries(
    Object.entries(search).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  return [values, change];
}
