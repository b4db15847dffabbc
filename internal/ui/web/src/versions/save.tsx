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
import { DefinitionDiff } from './difference';
import type { Subject } from './subject';

interface Props<T, Answer> {
  subject: Subject;
  draft: Draft<T>;
  /** What is saved now. */
  latest: T;
  /** As people compare it. */
  text: (content: T) => unknown;
  /** What a save sends; the comment is added to it. */
  body: (content: T) => object;
  /** Something is wrong with it, which is said where it is. */
  trouble: string | false;
  /** Takes in what the server answered, and tells what is saved now. */
  onSaved: (answer: Answer, etag: string) => T;
}

/** The foot of an editor: the difference before saving, and the choice when somebody else was faster. */
export function SaveVersion<T, Answer>(props: Props<T, Answer>) {
  const { subject, draft, latest, text, body, trouble, onSaved } = props;
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [comment, setComment] = useState('');
  const refresh = () => void client.invalidateQueries({ queryKey: subject.queries });
  const save = useMutation({
    mutationFn: () =>
      ask<Answer>('PUT', subject.path, {
        body: { ...body(draft.value), ...(comment.trim() && { comment: comment.trim() }) },
        ifMatch: draft.base.etag,
      }),
    onSuccess: ({ data, etag }) => {
      setAsking(false);
      setComment('');
      notify(t('resource.saved', { label: subject.name }));
      draft.adopt({ item: onSaved(data, etag), etag });
      refresh();
    },
    onError: (error) => {
      if (!(error instanceof APIError) || error.status !== 412) return;
      setAsking(false);
      refresh();
    },
  });
  const stale = save.error instanceof APIError && save.error.status === 412;
  if (!draft.dirty && !stale) return null;
  const fresh = (act: () => void) => () => {
    save.reset();
    act();
  };
  const discard = fresh(() => {
    draft.adopt();
  });
  const close = () => {
    setAsking(false);
  };
  const before = text(draft.base.item);
  return (
    <div className="card save-bar stretch">
      {draft.conflict && (
        <div className="conflict">
          <Notice kind="warn" title={t('error.stale.title')} alert>
            <p>{t('settings.conflict')}</p>
            <DefinitionDiff before={before} after={text(latest)} label={t('flags.theirs')} />
            <p className="small">{t('flags.conflict')}</p>
            <div className="row">
              <Button onClick={fresh(draft.rebase)}>{t('settings.mine')}</Button>
              <Button onClick={discard}>{t('settings.theirs')}</Button>
            </div>
          </Notice>
        </div>
      )}
      {stale && !draft.conflict && draft.dirty && <ErrorNotice error={save.error} />}
      <div className="row">
        <Button
          look="primary"
          aria-haspopup="dialog"
          busy={trouble !== false || draft.conflict}
          onClick={fresh(() => {
            setAsking(true);
          })}
        >
          {t('settings.review')}
        </Button>
        <Button look="bare" onClick={discard}>
          {t('settings.discard')}
        </Button>
        {trouble !== false && <span className="problem">{trouble}</span>}
      </div>
      {asking && (
        <Dialog title={t('settings.review.title')} onClose={close}>
          <DefinitionDiff before={before} after={text(draft.value)} label={t('flags.history.changes')} />
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
