import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { Changes, Conflict } from '../forms/changes';
import type { Difference } from '../forms/schema';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { ErrorNotice } from '../parts/notice';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import type { Draft } from './use-draft';

interface Props<T> {
  draft: Draft<T>;
  latest: { item: T; etag: string };
  /** Where it is saved, below api/v1. */
  path: string;
  /** The cached queries that a save makes old. */
  keys: readonly (readonly unknown[])[];
  /** What a change sends. */
  patch: (base: T, value: T) => Record<string, unknown>;
  /** The difference for people; as lines of its own where before and after do not say it. */
  differences: (base: T, value: T) => Difference[];
  review?: (base: T, value: T) => ReactNode;
  saved: string;
}

/** The foot of an editor: the difference before saving, and the way out when somebody else was faster. */
export function SaveDraft<T extends object>(props: Props<T>) {
  const { draft, latest, path, keys, patch, differences, review, saved } = props;
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const refresh = () => {
    for (const queryKey of keys) void client.invalidateQueries({ queryKey });
  };
  const save = useMutation({
    mutationFn: () =>
      ask<T>('PATCH', path, { body: patch(draft.base.item, draft.value), ifMatch: draft.base.etag }),
    onSuccess: ({ data, etag }) => {
      setAsking(false);
      notify(saved);
      draft.adopt({ item: data, etag });
      refresh();
    },
    onError: (error) => {
      if (!(error instanceof APIError) || error.status !== 412) return;
      setAsking(false);
      refresh();
    },
  });
  const stale = save.error instanceof APIError && save.error.status === 412;
  return (
    <>
      {draft.conflict && (
        <Conflict
          title={t('error.stale.title')}
          changes={differences(draft.base.item, latest.item)}
          onTheirs={() => {
            save.reset();
            draft.adopt();
          }}
          onMine={() => {
            save.reset();
            draft.rebase();
          }}
        />
      )}
      {stale && !draft.conflict && <ErrorNotice error={save.error} />}
      <div className="row">
        <Button
          look="primary"
          aria-haspopup="dialog"
          onClick={() => {
            save.reset();
            if (draft.dirty) setAsking(true);
            else notify(t('settings.same'));
          }}
        >
          {t('settings.review')}
        </Button>
        {draft.dirty && (
          <Button
            look="bare"
            onClick={() => {
              save.reset();
              draft.adopt();
            }}
          >
            {t('settings.discard')}
          </Button>
        )}
      </div>
      {asking && (
        <Dialog
          title={t('settings.review.title')}
          onClose={() => {
            setAsking(false);
          }}
        >
          {review ? (
            review(draft.base.item, draft.value)
          ) : (
            <Changes changes={differences(draft.base.item, draft.value)} />
          )}
          {save.error && !stale && <Refused error={save.error} />}
          <div className="dialog-actions">
            <Button
              onClick={() => {
                setAsking(false);
              }}
            >
              {t('settings.back')}
            </Button>
            <Button
              look="primary"
              busy={save.isPending}
              onClick={() => {
                save.mutate();
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
