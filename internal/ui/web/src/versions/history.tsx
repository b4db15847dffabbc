import { useMutation, useQuery, useQueryClient, type UseQueryOptions } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { Person } from '../parts/person';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { DefinitionDiff } from './difference';
import type { Subject, Version } from './subject';

interface Saved {
  subject: Subject;
  /** What is saved now, as people compare it, with its tag. */
  content: unknown;
  etag: string;
}

export interface HistoryProps extends Saved {
  /** The one that is saved now. */
  version: number;
  query: UseQueryOptions<Version[], Error, Version[], string[]>;
  mayManage: boolean;
}

/** Every version with what it changed, each of which can come back. */
export function History({ query, version: present, mayManage, ...saved }: HistoryProps) {
  const history = useQuery(query);
  const [restoring, setRestoring] = useState<Version | null>(null);
  const versions = history.data ?? [];
  if (history.isPending) return <LoadingRows rows={3} height="4rem" />;
  if (history.error && !history.data)
    return <ErrorNotice error={history.error} onRetry={() => void history.refetch()} alert={false} />;
  if (versions.length === 0) return <p className="dim">{t('flags.history.none')}</p>;
  return (
    <>
      <ol className="card flush rows history stretch">
        {versions.map((version, index) => (
          <li key={version.version}>
            <div className="stack close">
              <p>
                <b>{t('history.version', { version: version.version })}</b>{' '}
                <span className="dim">
                  <Person id={version.by.id} name={version.by.name} /> · <Moment at={version.at} />
                </span>
              </p>
              {version.comment && <p>{version.comment}</p>}
              {version.content === null ? (
                <p className="badge bad">{t('flags.deleted')}</p>
              ) : (
                <details>
                  <summary>
                    {versions[index + 1]?.content ? t('flags.history.changes') : t('flags.history.first')}
                  </summary>
                  <DefinitionDiff
                    before={versions[index + 1]?.content ?? null}
                    after={version.content}
                    label={t('history.version', { version: version.version })}
                  />
                </details>
              )}
            </div>
            {mayManage && version.content !== null && version.version !== present && (
              <Button
                aria-haspopup="dialog"
                aria-label={t('history.restore.of', { version: version.version })}
                onClick={() => {
                  setRestoring(version);
                }}
              >
                {t('history.restore')}
              </Button>
            )}
          </li>
        ))}
      </ol>
      {restoring && (
        <Restore
          {...saved}
          version={restoring}
          onClose={() => {
            setRestoring(null);
          }}
        />
      )}
    </>
  );
}

interface RestoreProps extends Saved {
  version: Version;
  onClose: () => void;
}

function Restore({ subject, content, etag, version, onClose }: RestoreProps) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: () =>
      ask('POST', `${subject.path}/rollback`, { body: { version: version.version }, ifMatch: etag }),
    onSuccess: () => {
      notify(t('flags.restored', { key: subject.name, version: version.version }));
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: subject.queries }),
  });
  return (
    <Dialog title={t('history.ask', { version: version.version })} onClose={onClose}>
      <p>{t('flags.history.about')}</p>
      <DefinitionDiff before={content} after={version.content} label={t('flags.history.changes')} />
      {restore.error && <Refused error={restore.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look="primary"
          busy={restore.isPending}
          onClick={() => {
            restore.mutate();
          }}
        >
          {t('history.restore')}
        </Button>
      </div>
    </Dialog>
  );
}
