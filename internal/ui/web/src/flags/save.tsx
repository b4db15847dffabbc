import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Draft } from '../access/use-draft';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import type { Definition } from './definition';
import { DefinitionDiff } from './difference';
import { flagPath, flagQuery, flagsKey } from './queries';
import type { FlagDetail } from './types';

interface Props {
  flag: FlagDetail;
  draft: Draft<Definition>;
  definition: Definition;
  /** Something is wrong with it, which is said where it is. */
  troubled: boolean;
}

/** The foot of the editor: the difference before saving, and the choice when somebody else was faster. */
export function SaveFlag({ flag, draft, definition, troubled }: Props) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [comment, setComment] = useState('');
  const save = useMutation({
    mutationFn: () =>
      ask<FlagDetail>('PUT', flagPath(flag.key), {
        body: { definition, ...(comment.trim() && { comment: comment.trim() }) },
        ifMatch: draft.base.etag,
      }),
    onSuccess: ({ data, etag }) => {
      setAsking(false);
      setComment('');
      notify(t('resource.saved', { label: flag.key }));
      client.setQueryData(flagQuery(flag.key).queryKey, { flag: data, etag });
      draft.adopt({ item: data.definition, etag });
      void client.invalidateQueries({ queryKey: flagsKey });
    },
    onError: (error) => {
      if (!(error instanceof APIError) || error.status !== 412) return;
      setAsking(false);
      void client.invalidateQueries({ queryKey: flagsKey });
    },
  });
  const stale = save.error instanceof APIError && save.error.status === 412;
  if (!draft.dirty && !stale) return null;
  return (
    <div className="card save-bar stretch">
      {draft.conflict && (
        <div className="conflict">
          <Notice kind="warn" title={t('error.stale.title')} alert>
            <p>{t('settings.conflict')}</p>
            <DefinitionDiff before={draft.base.item} after={flag.definition} label={t('flags.theirs')} />
            <p className="small">{t('flags.conflict')}</p>
            <div className="row">
              <Button
                onClick={() => {
                  save.reset();
                  draft.rebase();
                }}
              >
                {t('settings.mine')}
              </Button>
              <Button
                onClick={() => {
                  save.reset();
                  draft.adopt();
                }}
              >
                {t('settings.theirs')}
              </Button>
            </div>
          </Notice>
        </div>
      )}
      {stale && !draft.conflict && draft.dirty && <ErrorNotice error={save.error} />}
      <div className="row">
        <Button
          look="primary"
          aria-haspopup="dialog"
          busy={troubled || draft.conflict}
          onClick={() => {
            save.reset();
            setAsking(true);
          }}
        >
          {t('settings.review')}
        </Button>
        <Button
          look="bare"
          onClick={() => {
            save.reset();
            draft.adopt();
          }}
        >
          {t('settings.discard')}
        </Button>
        {troubled && <span className="problem">{t('flags.troubled')}</span>}
      </div>
      {asking && (
        <Dialog
          title={t('settings.review.title')}
          onClose={() => {
            setAsking(false);
          }}
        >
          <DefinitionDiff before={draft.base.item} after={definition} label={t('flags.history.changes')} />
          <TextField
            label={t('flags.comment')}
            hint={t('flags.comment.hint')}
            autoComplete="off"
            maxLength={500}
            value={comment}
            onChange={(event) => {
              setComment(event.target.value);
            }}
          />
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
    </div>
  );
}
