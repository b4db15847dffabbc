import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { ask, type Answer } from '../api/client';
import { APIError } from '../api/error';
import type { Limit } from '../api/types';
import { remarks } from '../forms/remarks';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { limitPath, limitsKey } from './limit-queries';
import { limitTitle } from './limit-title';
import { joinPolicy, policyProblem, policyWords, splitPolicy } from './policy';

/** A limit that is edited: that of all callers, or with a key the one a caller has of its own. */
export interface Edited {
  name: string;
  key?: string;
  /** What people call the caller. */
  who?: string;
}

interface Props {
  edited: Edited;
  onClose: () => void;
}

/** Changes a limit, or gives a caller one of its own. */
export function EditLimit({ edited, onClose }: Props) {
  const { name, key, who = key } = edited;
  // Not below the key of the lists: what the form is based on stays while it is open.
  const limit = useQuery({
    queryKey: ['limit', name],
    queryFn: ({ signal }) => ask<Limit>('GET', limitPath(name), { signal }),
    staleTime: Infinity,
    gcTime: 0,
  });
  const title = who === undefined ? t('limits.change.of', { name }) : t('limits.own.give.of', { who });
  return (
    <Dialog title={title} onClose={onClose}>
      {limit.isPending && <LoadingRows rows={3} height="3rem" />}
      {!limit.data && limit.error && (
        <ErrorNotice error={limit.error} onRetry={() => void limit.refetch()} alert={false} />
      )}
      {limit.data ? (
        <Form key={limit.data.data.name} edited={edited} loaded={limit.data} onClose={onClose} />
      ) : (
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
        </div>
      )}
    </Dialog>
  );
}

type Loaded = Answer<Limit>;

function Form({ edited, loaded, onClose }: Props & { loaded: Loaded }) {
  const { name, key } = edited;
  const form = useRef<HTMLFormElement>(null);
  const [base, setBase] = useState(loaded);
  const [start] = useState(() => splitPolicy(present(loaded.data, key)));
  const [text, setText] = useState(start.text);
  const [shadow, setShadow] = useState(start.shadow);
  const [tried, setTried] = useState(0);
  const save = useSave(edited, base.etag, { onDone: onClose, onStale: setBase });
  const fields = remarks(save.error);
  const stale = save.error instanceof APIError && save.error.status === 412;
  const problem = (tried > 0 && policyProblem(text)) || fields[0]?.detail;
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[data-focus]')?.focus();
  }, [tried, save.error]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(tried + 1);
    if (policyProblem(text) === '' && !save.isPending) save.mutate(joinPolicy(text, shadow));
  };
  const mayReset = key === undefined && base.data.policy !== base.data.default;
  return (
    <form ref={form} className="stack" noValidate onSubmit={submit}>
      <p className="dim">
        {key === undefined ? (
          <>
            {limitTitle(base.data)}
            <br />
            {t('limits.edit.about')}
          </>
        ) : (
          <>
            {t('limits.own.about', { name })} <code>{base.data.policy}</code>
          </>
        )}
      </p>
      <TextField
        label={t('limits.policy.text')}
        hint={t('limits.policy.hint')}
        error={problem}
        autoComplete="off"
        spellCheck={false}
        maxLength={128}
        data-focus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          if (fields.length > 0) save.reset();
        }}
      />
      <p className="small" aria-live="polite">
        {policyWords(text)}
      </p>
      <label className="check">
        <input
          type="checkbox"
          role="switch"
          checked={shadow}
          onChange={(event) => {
            setShadow(event.target.checked);
          }}
        />
        <span>{t('limits.shadow.set')}</span>
      </label>
      {mayReset && (
        <p className="dim small">
          {t('limits.default.is')} <code>{base.data.default}</code>
        </p>
      )}
      {stale && (
        <Notice kind="warn" title={t('limits.stale.title')} alert>
          <p>{t('limits.stale', { policy: present(base.data, key) })}</p>
        </Notice>
      )}
      {save.error && !stale && fields.length === 0 && <Refused error={save.error} />}
      <div className="dialog-actions">
        {mayReset && (
          <Button
            look="bare"
            onClick={() => {
              if (!save.isPending) save.mutate('');
            }}
          >
            {t('limits.default')}
          </Button>
        )}
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          {save.isPending ? t('limits.saving') : t('limits.save')}
        </Button>
      </div>
    </form>
  );
}

/** Saves a policy; an empty one goes back to the default. */
function useSave(
  { name, key, who = key ?? '' }: Edited,
  ifMatch: string,
  { onDone, onStale }: { onDone: () => void; onStale: (fresh: Loaded) => void },
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (policy: string) => {
      const path = limitPath(name, key);
      try {
        return await (policy
          ? ask<Limit>('PUT', path, { body: { policy }, ifMatch })
          : ask<Limit>('DELETE', path, { ifMatch }));
      } catch (error) {
        // What is in force now is what the next attempt replaces.
        if (error instanceof APIError && error.status === 412)
          onStale(await ask<Limit>('GET', limitPath(name)));
        throw error;
      }
    },
    onSuccess: ({ data }) => {
      const policy = present(data, key);
      notify(
        key === undefined ? t('limits.saved', { name, policy }) : t('limits.own.saved', { who, policy }),
      );
      onDone();
    },
    onSettled: () => client.invalidateQueries({ queryKey: limitsKey }),
  });
}

/** The policy in force for a caller, or for all. */
function present(limit: Limit, key: string | undefined): string {
  return limit.overrides.find((one) => one.key === key)?.policy ?? limit.policy;
}
