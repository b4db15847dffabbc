import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { ask } from '../api/client';
import { useMay } from '../api/may';
import { settingsHistoryQuery } from '../api/module-queries';
import type { JSONSchema, Settings, SettingsVersion } from '../api/types';
import { fieldsOf, labelOf, type Difference, type FormField } from '../forms/schema';
import { show } from '../show';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Moment } from '../parts/moment';
import { Person } from '../parts/person';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { Changes } from '../forms/changes';

interface Props {
  id: string;
  schema: JSONSchema;
  latest: Settings & { etag: string };
}

/** Earlier versions of a module's settings, each of which can be brought back. */
export function SettingsHistory({ id, schema, latest }: Props) {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const history = useQuery(settingsHistoryQuery(id));
  const mayChange = useMay('settings.manage');
  const [restoring, setRestoring] = useState<number | null>(null);
  const versions = history.data ?? [];
  const restore = (version: number) =>
    mayChange && version !== latest.version ? (
      <Button
        aria-haspopup="dialog"
        aria-label={version === 0 ? t('history.restore.defaults') : t('history.restore.of', { version })}
        onClick={() => {
          setRestoring(version);
        }}
      >
        {t('history.restore')}
      </Button>
    ) : null;
  return (
    <section className="stack" aria-labelledby="history">
      <h2 id="history">{t('history')}</h2>
      {history.isPending && <LoadingRows rows={2} height="3rem" />}
      {history.error && !history.data && (
        <ErrorNotice error={history.error} onRetry={() => void history.refetch()} alert={false} />
      )}
      {history.data?.length === 0 && <p className="dim">{t('history.empty')}</p>}
      {versions.length > 0 && (
        <ol className="card flush rows history">
          {versions.map((version) => (
            <li key={version.version}>
              <div className="stack">
                <p>
                  <b>{t('history.version', { version: version.version })}</b>{' '}
                  <span className="dim">
                    <Person id={version.actor} name={version.actor_name} /> · <Moment at={version.at} />
                  </span>
                </p>
                <Changes changes={changesOf(fields, version)} />
              </div>
              {restore(version.version)}
            </li>
          ))}
          <li>
            <p>
              <b>{t('history.defaults')}</b> <span className="dim">{t('history.defaults.about')}</span>
            </p>
            {restore(0)}
          </li>
        </ol>
      )}
      {restoring !== null && (
        <RestoreDialog
          id={id}
          etag={latest.etag}
          version={restoring}
          onClose={() => {
            setRestoring(null);
          }}
        />
      )}
    </section>
  );
}

function changesOf(fields: FormField[], version: SettingsVersion): Difference[] {
  return version.changes.map((change) => ({
    label: labelOf(fields, change.field),
    before: change.secret ? t('form.secret.old') : show(change.before),
    after: change.secret ? t('form.secret.new') : show(change.after),
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
      notify(version === 0 ? t('history.restored.defaults') : t('history.restored', { version }));
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['settings', id] }),
  });
  return (
    <Dialog
      title={version === 0 ? t('history.ask.defaults') : t('history.ask', { version })}
      onClose={onClose}
    >
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
