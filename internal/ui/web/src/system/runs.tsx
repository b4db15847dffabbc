import { useInfiniteQuery } from '@tanstack/react-query';
import { absolute, ago } from '../format';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { runsQuery } from './queries';
import { Outcome, took, triggerName } from './run';
import type { Job } from './types';

/** A job's earlier runs, newest first, page by page. */
export function Runs({ job }: { job: Job }) {
  const runs = useInfiniteQuery(runsQuery(job));
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="stack">
      {runs.isPending && <LoadingRows rows={2} height="2.5rem" />}
      {runs.data && items.length === 0 && <p className="dim">{t('jobs.runs.none')}</p>}
      {items.length > 0 && (
        <div
          className="table-scroll full"
          tabIndex={0}
          role="region"
          aria-label={t('jobs.history.of', { title: job.title })}
        >
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t('jobs.runs.outcome')}</th>
                <th scope="col">{t('jobs.runs.started')}</th>
                <th scope="col" className="end">
                  {t('jobs.runs.took')}
                </th>
                <th scope="col">{t('jobs.runs.trigger')}</th>
                <th scope="col">{t('jobs.runs.instance')}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((run) => (
                <tr key={run.id}>
                  <td>
                    <Outcome outcome={run.outcome} />
                  </td>
                  <td>
                    <time dateTime={run.started_at} title={ago(run.started_at)}>
                      {absolute(run.started_at)}
                    </time>
                    {run.error && <p className="problem any">{run.error}</p>}
                  </td>
                  <td className="end">{run.outcome === 'skipped' ? '–' : took(run)}</td>
                  <td>{triggerName(run.trigger)}</td>
                  <td className="mono">{run.instance}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {runs.error && (
        <ErrorNotice
          error={runs.error}
          onRetry={() => void (runs.data ? runs.fetchNextPage() : runs.refetch())}
          alert={false}
        />
      )}
      {runs.hasNextPage && (
        <Button busy={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
          {runs.isFetchingNextPage ? t('loading') : t('jobs.runs.more')}
        </Button>
      )}
    </div>
  );
}
