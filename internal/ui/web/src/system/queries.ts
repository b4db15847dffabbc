import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { get } from '../api/client';
import type { Items } from '../api/types';
import type { Job, Run, SystemInfo } from './types';

const enc = encodeURIComponent;
const calmMs = 10_000;
const busyMs = 1_000;

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => get<SystemInfo>('system', signal),
  refetchInterval: calmMs,
});

/** All jobs; asked for often while one runs. */
export const jobsQuery = queryOptions({
  queryKey: ['jobs'],
  queryFn: async ({ signal }) => (await get<Items<Job>>('jobs', signal)).items,
  refetchInterval: (query) => (query.state.data?.some((job) => job.running) ? busyMs : calmMs),
});

/** A job's earlier runs, newest first. */
export function runsQuery(job: Job) {
  return infiniteQueryOptions({
    queryKey: ['jobs', job.module, job.name, 'runs'],
    queryFn: ({ pageParam, signal }) => {
      const cursor = pageParam && `&cursor=${enc(pageParam)}`;
      return get<Items<Run>>(`jobs/${enc(job.module)}/${enc(job.name)}/runs?limit=20${cursor}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}
