import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { useMay } from '../api/may';
import { region } from '../locale';
import { Button } from '../parts/button';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { useAddress } from './address';
import { jobsQuery } from './queries';
import { Outcome, took } from './run';
import { useRun } from './run-now';
import { Runs } from './runs';
import { scheduleWords } from './schedule';
import type { Job } from './types';

/** All jobs of the modules that are on, live. */
export function Jobs() {
  const jobs = useQuery(jobsQuery);
  if (jobs.isPending) return <LoadingRows rows={4} height="5rem" />;
  if (!jobs.data) return <ErrorNotice error={jobs.error} onRetry={() => void jobs.refetch()} alert={false} />;
  if (jobs.data.length === 0) {
    return (
      <div className="card empty stretch">
        <h2>{t('jobs.empty.title')}</h2>
        <p>{t('jobs.empty')}</p>
      </div>
    );
  }
  return (
    <ul className="card flush rows jobs">
      {jobs.data.map((job) => (
        <Line key={keyOf(job)} job={job} />
      ))}
    </ul>
  );
}

function keyOf(job: Job): string {
  return `${job.module}/${job.name}`;
}

function Line({ job }: { job: Job }) {
  const history = useId();
  const run = useRun(job);
  const mayRun = useMay('system.manage');
  const [address, setAddress] = useAddress();
  const open = address['job'] === keyOf(job);
  const running = job.running || run.isPending;
  return (
    <li data-job={keyOf(job)}>
      <div>
        <p className="row">
          <b>{job.title || job.name}</b>
          {running ? <Outcome outcome="running" /> : job.last && <Outcome outcome={job.last.outcome} />}
        </p>
        <p>
          <Schedule job={job} />
        </p>
        <p className="dim small">
          {job.module} · <Times job={job} />
        </p>
        {!running && job.last?.outcome === 'failed' && job.last.error && (
          <p className="problem">{job.last.error}</p>
        )}
      </div>
      <div className="row">
        <Button
          look="bare"
          aria-expanded={open}
          aria-controls={open ? history : undefined}
          aria-label={t('jobs.history.of', { title: job.title })}
          onClick={() => {
            setAddress({ job: open ? '' : keyOf(job) });
          }}
        >
          {t('history')}
        </Button>
        {mayRun && (
          <Button
            aria-label={running ? undefined : t('jobs.run.of', { title: job.title })}
            busy={running}
            onClick={() => {
              run.mutate();
            }}
          >
            {running ? t('jobs.running') : t('jobs.run')}
          </Button>
        )}
      </div>
      {open && (
        <div className="whole" id={history}>
          <Runs job={job} />
        </div>
      )}
    </li>
  );
}

function Schedule({ job }: { job: Job }) {
  const said = scheduleWords(job.schedule, region());
  return (
    <>
      {said ? <span title={job.schedule}>{said}</span> : <code>{job.schedule}</code>}
      {job.zone && <span className="dim"> · {job.zone}</span>}
      {job.per_instance && <span className="dim"> · {t('jobs.everywhere')}</span>}
      {job.missed === 'run-once' && <span className="dim"> · {t('jobs.catches')}</span>}
    </>
  );
}

function Times({ job }: { job: Job }) {
  const { last } = job;
  return (
    <>
      {last ? (
        <>
          {t('jobs.last')} <Moment at={last.started_at} />
          {(last.outcome === 'ok' || last.outcome === 'failed') && <> ({took(last)})</>}
        </>
      ) : (
        t('jobs.never')
      )}
      {' · '}
      {job.next_at ? (
        <>
          {t('jobs.next')} <Moment at={job.next_at} />
        </>
      ) : (
        t('jobs.off')
      )}
    </>
  );
}
