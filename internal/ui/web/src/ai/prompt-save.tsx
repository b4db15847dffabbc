import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Draft } from '../access/use-draft';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { DefinitionDiff } from '../flags/difference';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { asText, draftOf, promptPath, promptQuery, promptsKey, troubled, variablesOf } from './prompt';
import type { Prompt, PromptDraft } from './prompt';

/** The foot of the editor: the difference before saving, and the choice when somebody else was faster. */
export function SavePrompt({ prompt, draft }: { prompt: Prompt; draft: Draft<PromptDraft> }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [comment, setComment] = useState('');
  const save = useMutation({
    mutationFn: () =>
      ask<Prompt>('PUT', promptPath(prompt.name), {
        body: {
          ...draft.value,
          variables: variablesOf(draft.value.messages),
          comment: comment.trim(),
        },
        ifMatch: draft.base.etag,
      }),
    onSuccess: ({ data, etag }) => {
      setAsking(false);
      setComment('');
      notify(t('resource.saved', { label: prompt.name }));
      client.setQueryData(promptQuery(prompt.name).queryKey, { prompt: data, etag });
      draft.adopt({ item: draftOf(data), etag });
      void client.invalidateQueries({ queryKey: promptsKey });
    },
    onError: (error) => {
      if (!(error instanceof APIError) || error.status !== 412) return;
      setAsking(false);
      void client.invalidateQueries({ queryKey: promptsKey });
    },
  });
  const stale = save.error instanceof APIError && save.error.status === 412;
  const wrong = troubled(draft.value.messages);
  if (!draft.dirty && !stale) return null;
  const fresh = (act: () => void) => () => {
    save.reset();
    act();
  };
  const close = () => {
    setAsking(false);
  };
  return (
    <div className="card save-bar stretch">
      {draft.conflict && (
        <div className="conflict">
          <Notice kind="warn" title={t('error.stale.title')} alert>
            <p>{t('settings.conflict')}</p>
            <DefinitionDiff
              before={asText(draft.base.item)}
              after={asText(prompt)}
              label={t('flags.theirs')}
            />
            <p className="small">{t('flags.conflict')}</p>
            <div className="row">
              <Button onClick={fresh(draft.rebase)}>{t('settings.mine')}</Button>
              <Button
                onClick={fresh(() => {
                  draft.adopt();
                })}
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
          busy={wrong || draft.conflict}
          onClick={fresh(() => {
            setAsking(true);
          })}
        >
          {t('settings.review')}
        </Button>
        <Button
          look="bare"
          onClick={fresh(() => {
            draft.adopt();
          })}
        >
          {t('settings.discard')}
        </Button>
        {wrong && <span className="problem">{t('ai.prompt.troubled')}</span>}
      </div>
      {asking && (
        <Dialog title={t('settings.review.title')} onClose={close}>
          <DefinitionDiff
            before={asText(draft.base.item)}
            after={asText(draft.value)}
            label={t('flags.history.changes')}
          />
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
            <Button onClick={close}>{t('settings.back')}</Button>
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
