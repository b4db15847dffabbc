import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, type Answer } from '../api/client';
import { APIError } from '../api/error';
import { notify } from '../parts/toast';
import { remarks } from '../forms/remarks';
import { aiKey } from './queries';

/** One rule as it is when its dialog opens; without a path there is none yet. */
export function useRule<T>(path: string | undefined) {
  return useQuery({
    // Not below the key of the lists: what the form is based on stays while it is open.
    queryKey: ['ai-rule', path],
    queryFn: ({ signal }) => ask<T>('GET', path ?? '', { signal }),
    enabled: path !== undefined,
    staleTime: Infinity,
    gcTime: 0,
  });
}

interface Change {
  method: 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  done: string;
}

/**
 * Changes a rule on what was seen of it. Where somebody was faster nothing is changed, `stale` has what is in force
 * now, and the next attempt replaces that.
 */
export function useChangeRule<T>(loaded: Answer<T> | undefined, onDone: () => void) {
  const client = useQueryClient();
  const [base, setBase] = useState(loaded);
  const change = useMutation({
    mutationFn: async ({ method, path, body }: Change) => {
      try {
        return await ask<T>(method, path, {
          ...(method === 'PUT' && { body }),
          ...(base ? { ifMatch: base.etag } : { ifNew: true }),
        });
      } catch (error) {
        if (base && error instanceof APIError && error.status === 412) setBase(await ask<T>('GET', path));
        throw error;
      }
    },
    onSuccess: (_, { done }) => {
      notify(done);
      onDone();
    },
    onSettled: () => client.invalidateQueries({ queryKey: aiKey }),
  });
  const { error } = change;
  const refused = error instanceof APIError && error.status === 412;
  return {
    change,
    /** What is wrong with the fields, by the last part of their pointers. */
    problem: (name: string) =>
      remarks(error).find(({ pointer }) => pointer.replace(/^\//, '').split('/')[0] === name)?.detail,
    /** It is there already. */
    taken: refused && !base,
    stale: refused ? base?.data : undefined,
    /** What no field and no sentence of the form says. */
    other:
      error && !refused && !(error instanceof APIError && error.fields.some(({ pointer }) => pointer))
        ? error
        : undefined,
  };
}
