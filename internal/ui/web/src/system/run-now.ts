import { useMutation, useQueryClient } from '@tanstack/react-query';
import { get, post } from '../api/client';
import { tell } from '../api/error';
import type { Items } from '../api/types';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { took } from './run';
import type { Job, Run } from './types';

const firstLookMs = 250;
const lookMs = 1_000;
const patienceMs = 15 * 60_000;

/** Runs a job now and tells how it ended, also when the person has gone to another screen meanwhile. */
export function useRun(job: Job) {
  const client = useQueryClient();
  const enc = encodeURIComponent;
  return useMutation({
    mutationFn: async () => {
      const path = `jobs/${enc(job.module)}/${enc(job.name)}`;
      const { id } = await post<{ id: string }>(`${path}/run`);
      void client.invalidateQueries({ queryKey: ['jobs'] });
      const deadline = Date.now() + patienceMs;
      for (let pause = firstLookMs; Date.now() < deadline; pause = lookMs) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        // An answer that does not come is asked for again by the next look.
        const runs = await get<Items<Run>>(`${path}/runs?limit=20`).catch(() => undefined);
        const run = runs?.items.find((one) => one.id === id);
        if (run && run.outcome !== 'running') return run;
      }
      return undefined;
    },
    onSuccess: (run) => {
      if (!run) return;
      if (run.outcome === 'ok') notify(t('jobs.done', { title: job.title, span: took(run) }));
      else notify(t('jobs.undone', { title: job.title, error: run.error ?? run.outcome }), 'bad');
    },
    onError: (error) => {
      notify(tell(error).detail, 'bad');
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
}
