import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { settingsHistoryQuery } from '../api/queries';
import type { Settings, SettingsVersion } from '../api/types';
import { show, words, type Difference } from '../forms/schema';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { Changes } from './settings-editor';

interface Props {
  id: string;
  latest: Settings & { etag: string };
}

/** Earlier versions of a module's settings, each of which can be brought back. */
export function SettingsHistory({ id, latest }: Props) {
  const history = useQuery(settingsHistoryQuery(id));
  const [restoring, setRestoring] = useState<SettingsVersion | null>(null);
  return (
    <section className="stack" aria-labelledby="history">
      <h2 id="history">{t('history')}</h2>
      {history.isPending && <LoadingRows rows={2} height="3rem" />}
      {history.error && !history.data && (
        <ErrorNotice error={history.error} onRetry={() => void history.refetch()} alert={false} />
      )}
      {history.data?.length === 0 && <p className="dim">{t('history.empty')}</p>}
      {history.data && history.data.length > 0 && (
        <ol className="card flush rows history">
          {history.data.map((version) => (
            <li key={version.version}>
              <div className="stack">
                <p>
                  <b>{t('history.version', { version: version.version })}</b>{' '}
                  <span className="dim">
                    {version.actor || t('audit.system')} · <Moment at={version.at} />
                  </span>
                </p>
                <Changes changes={changesOf(version)} />
              </div>
              {version.version !== latest.version && (
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
      )}
      {restoring && (
        <RestoreDialog
          id={id}
          etag={latest.etag}
          version={restoring.version}
          onClose={() => {
            setRestoring(null);
          }}
        />
      )}
    </section>
  );
}

function changesOf(version: SettingsVersion): Difference[] {
  return version.changes.map((change) => ({
    label: words(change.field.replace(/^\//, '')),
    before: show(change.before),
    after: show(change.after),
  }));
}

interface RestoreProps {
  id: string;
  etag: string;
  version: number;
  onClose: () => void;
}

function RestoreDialog({ id, etag, version, onClose }: RestoreProps) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: () =>
      ask('POST', `modules/${encodeURIComponent(id)}/settings/rollback`, {
        body: { version },
        ifMatch: etag,
      }),
    onSuccess: () => {
      notify(t('history.restored', { version }));
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['settings', id] }),
  });
  return (
    <Dialog title={t('history.ask', { version })} onClose={onClose}>
      <p>{t('history.about')}</p>
      {restore.error && <ErrorNotice error={restore.error} />}
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
