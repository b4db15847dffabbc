import { useMutation, useQueryClient } from '@tanstack/react-query';
import { post } from '../api/client';
import { tell } from '../api/error';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { jobsQuery } from './queries';
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
      await post(`jobs/${enc(job.module)}/${enc(job.name)}/run`);
      const deadline = Date.now() + patienceMs;
      for (let pause = firstLookMs; Date.now() < deadline; pause = lookMs) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        // An answer that does not come is asked for again by the next look.
        const jobs = await client.fetchQuery({ ...jobsQuery, staleTime: 0 }).catch(() => []);
        const run = ended(jobs, job);
        if (run) return run;
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

/** The run that has ended since the job was as it was. */
function ended(jobs: Job[], before: Job): Run | undefined {
  const now = jobs.find((one) => one.module === before.module && one.name === before.name);
  if (!now?.last || now.running || now.last.id === before.last?.id || now.last.outcome === 'running')
    return undefined;
  return now.last;
}
