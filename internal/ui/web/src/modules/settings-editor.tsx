import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { ask } from '../api/client';
import { useMay } from '../api/may';
import { APIError } from '../api/error';
import { settingsQuery } from '../api/module-queries';
import type { JSONSchema, Settings, SettingsValues } from '../api/types';
import { Changes, Conflict } from '../forms/changes';
import { differences, fieldsOf } from '../forms/schema';
import { SchemaForm } from '../forms/schema-form';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { ErrorNotice } from '../parts/notice';
import { Throttled } from '../parts/throttled';
import { notify } from '../parts/toast';
import { t } from '../strings';

type Tagged = Settings & { etag: string };

interface Props {
  id: string;
  schema: JSONSchema;
  latest: Tagged;
}

/** Edits a module's settings: shows the difference before saving and lets nobody overwrite what they did not see. */
export function SettingsEditor({ id, schema, latest }: Props) {
  const client = useQueryClient();
  const mayChange = useMay('settings.manage');
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  // What the form was filled from, and what its changes are measured against.
  const [base, setBase] = useState(latest);
  const [round, setRound] = useState(0);
  const [dirty, setDirty] = useState(false);
  const [review, setReview] = useState<SettingsValues | null>(null);

  const adopt = (next: Tagged) => {
    setBase(next);
    setRound(round + 1);
    setDirty(false);
  };
  const moved = latest.etag !== base.etag;
  if (moved && !dirty) adopt(latest);

  const save = useMutation({
    mutationFn: (values: SettingsValues) =>
      ask('PUT', `modules/${encodeURIComponent(id)}/settings`, { body: { values }, ifMatch: base.etag }),
    onSuccess: async () => {
      setReview(null);
      notify(t('settings.saved'));
      await client.invalidateQueries({ queryKey: ['settings', id] });
      adopt(client.getQueryData(settingsQuery(id).queryKey) ?? latest);
    },
    onError: (error) => {
      if (!(error instanceof APIError)) return;
      if (error.status === 412 || error.fields.length > 0) setReview(null);
      if (error.status === 412) void client.invalidateQueries({ queryKey: ['settings', id] });
    },
  });

  const submit = (values: SettingsValues) => {
    if (!mayChange) return;
    save.reset();
    if (differences(fields, base.values, values).length === 0) notify(t('settings.same'));
    else setReview(values);
  };

  return (
    <>
      {moved && dirty && (
        <Conflict
          title={t('settings.conflict.title')}
          changes={differences(fields, base.values, latest.values)}
          onTheirs={() => {
            save.reset();
            adopt(latest);
          }}
          onMine={() => {
            save.reset();
            setBase(latest);
          }}
        />
      )}
      {save.error instanceof APIError && save.error.status === 412 && !moved && (
        <div className="conflict">
          <ErrorNotice error={save.error} />
        </div>
      )}
      <SchemaForm
        key={round}
        schema={schema}
        values={base.values}
        secrets={base.secrets}
        below="/values"
        refusal={save.error}
        onSubmit={submit}
        onDirty={setDirty}
      >
        {!mayChange && <p className="dim">{t('settings.readonly')}</p>}
        <div className="row" hidden={!mayChange}>
          <Button type="submit" look="primary" aria-haspopup="dialog">
            {t('settings.review')}
          </Button>
          {dirty && (
            <Button
              look="bare"
              onClick={() => {
                save.reset();
                adopt(latest);
              }}
            >
              {t('settings.discard')}
            </Button>
          )}
        </div>
      </SchemaForm>
      {review && (
        <Dialog
          title={t('settings.review.title')}
          onClose={() => {
            setReview(null);
          }}
        >
          <Changes changes={differences(fields, base.values, review)} />
          {save.error && <Refused error={save.error} />}
          <div className="dialog-actions">
            <Button
              onClick={() => {
                setReview(null);
              }}
            >
              {t('settings.back')}
            </Button>
            <Button
              look="primary"
              busy={save.isPending}
              onClick={() => {
                save.mutate(review);
              }}
            >
              {save.isPending ? t('settings.saving') : t('settings.save')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Refused({ error }: { error: Error }) {
  if (error instanceof APIError && error.status === 429) return <Throttled error={error} />;
  return <ErrorNotice error={error} />;
}
