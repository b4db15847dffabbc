import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import type { JSONSchema } from '../api/types';
import { Changes, Conflict } from '../forms/changes';
import { differences, fieldsOf } from '../forms/schema';
import { SchemaForm } from '../forms/schema-form';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { ErrorNotice } from '../parts/notice';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { mergePatch } from './merge';
import { dataKey, itemPath, itemQuery } from './queries';
import { Refused } from './refused';
import { labelOf, type Description, type Item, type Tagged } from './types';

export interface ItemEditorProps {
  about: Description;
  id: string;
  schema: JSONSchema;
  latest: Tagged;
}

/** Edits an item: shows the difference before saving and lets nobody overwrite what they did not see. */
export function ItemEditor({ about, id, schema, latest }: ItemEditorProps) {
  const client = useQueryClient();
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  // What the form was filled from, and what its changes are measured against.
  const [base, setBase] = useState(latest);
  const [round, setRound] = useState(0);
  const [dirty, setDirty] = useState(false);
  const [review, setReview] = useState<Item | null>(null);

  const adopt = (next: Tagged) => {
    setBase(next);
    setRound(round + 1);
    setDirty(false);
  };
  const moved = latest.etag !== base.etag;
  if (moved && !dirty) adopt(latest);

  const save = useMutation({
    mutationFn: async (values: Item): Promise<Tagged> => {
      const { data, etag } = await ask<Item>('PATCH', itemPath(about, id), {
        body: mergePatch(fields, base.item, values),
        ifMatch: base.etag,
      });
      return { item: data, etag };
    },
    onSuccess: (saved) => {
      setReview(null);
      notify(t('resource.saved', { label: labelOf(about, saved.item) }));
      client.setQueryData(itemQuery(about, id).queryKey, saved);
      void client.invalidateQueries({ queryKey: [...dataKey(about), 'list'] });
      adopt(saved);
    },
    onError: (error) => {
      if (!(error instanceof APIError)) return;
      if (error.status === 412 || error.fields.length > 0) setReview(null);
      if (error.status === 412) void client.invalidateQueries({ queryKey: itemQuery(about, id).queryKey });
    },
  });

  const submit = (values: Item) => {
    save.reset();
    if (Object.keys(mergePatch(fields, base.item, values)).length === 0) notify(t('settings.same'));
    else setReview(values);
  };
  const stale = save.error instanceof APIError && save.error.status === 412;

  return (
    <>
      {moved && dirty && (
        <Conflict
          title={t('error.stale.title')}
          changes={differences(fields, base.item, latest.item)}
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
      {stale && !moved && (
        <div className="conflict">
          <ErrorNotice error={save.error} />
        </div>
      )}
      <SchemaForm
        key={round}
        schema={schema}
        values={base.item}
        refusal={save.error}
        onSubmit={submit}
        onDirty={setDirty}
      >
        <div className="row">
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
          <Changes changes={differences(fields, base.item, review)} />
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
