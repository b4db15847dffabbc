import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { DefinitionDiff } from '../flags/difference';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { Person } from '../parts/person';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { asText, promptPath, promptsKey, versionsQuery, type Prompt, type PromptVersion } from './prompt';

interface Props {
  prompt: Prompt;
  etag: string;
  mayManage: boolean;
}

/** Every version of a template with what it changed, each of which can come back. */
export function PromptVersions({ prompt, etag, mayManage }: Props) {
  const history = useQuery(versionsQuery(prompt.name));
  const [restoring, setRestoring] = useState<PromptVersion | null>(null);
  if (history.isPending) return <LoadingRows rows={3} height="4rem" />;
  if (!history.data)
    return <ErrorNotice error={history.error} onRetry={() => void history.refetch()} alert={false} />;
  const versions = history.data;
  return (
    <>
      <ol className="card flush rows history stretch">
        {versions.map((version, index) => {
          const before = versions[index + 1];
          const label = t('history.version', { version: version.version });
          return (
            <li key={version.version}>
              <div className="stack close">
                <p>
                  <b>{label}</b>{' '}
                  <span className="dim">
                    <Person id={version.by.id} name={version.by.name} /> · <Moment at={version.at} />
                  </span>
                </p>
                {version.comment && <p>{version.comment}</p>}
                {version.deleted ? (
                  <p className="badge bad">{t('flags.deleted')}</p>
                ) : (
                  <details>
                    <summary>{before ? t('flags.history.changes') : t('flags.history.first')}</summary>
                    <DefinitionDiff
                      before={before && !before.deleted ? asText(before) : null}
                      after={asText(version)}
                      label={label}
                    />
                  </details>
                )}
              </div>
              {mayManage && !version.deleted && version.version !== prompt.version && (
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
          );
        })}
      </ol>
      {restoring && (
        <Restore
          prompt={prompt}
          etag={etag}
          version={restoring}
          onClose={() => {
            setRestoring(null);
          }}
        />
      )}
    </>
  );
}

interface RestoreProps {
  prompt: Prompt;
  etag: string;
  version: PromptVersion;
  onClose: () => void;
}

function Restore({ prompt, etag, version, onClose }: RestoreProps) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: () =>
      ask('POST', promptPath(prompt.name, '/rollback'), {
        body: { version: version.version },
        ifMatch: etag,
      }),
    onSuccess: () => {
      notify(t('history.restored', { version: version.version }));
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: promptsKey }),
  });
  return (
    <Dialog title={t('history.ask', { version: version.version })} onClose={onClose}>
      <p>{t('flags.history.about')}</p>
      <DefinitionDiff before={asText(prompt)} after={asText(version)} label={t('flags.history.changes')} />
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
