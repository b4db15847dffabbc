import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { ask, type Answer } from '../api/client';
import { APIError } from '../api/error';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { pretty, type Json } from './definition';
import { flagsKey } from './queries';
import { readCondition, writeCondition } from './rules';
import { Attributes, Tests } from './rules-editor';
import type { Segment } from './types';

export interface EditSegmentProps {
  /** Empty: a new one. */
  name: string;
  others: readonly string[];
  onClose: () => void;
}

const enc = encodeURIComponent;

const nobody: Json = { ends_with: [{ var: 'email' }, ''] };

/** Makes a segment, changes its rule, or deletes it. */
export function EditSegment({ name, others, onClose }: EditSegmentProps) {
  const loaded = useQuery({
    // Not below the key of the lists: what the form is based on stays while it is open.
    queryKey: ['segment', name],
    queryFn: ({ signal }) => ask<Segment>('GET', `segments/${enc(name)}`, { signal }),
    enabled: name !== '',
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <Dialog title={name === '' ? t('segments.new') : t('segments.edit.of', { name })} onClose={onClose}>
      {name !== '' && loaded.isPending && <LoadingRows rows={3} height="3rem" />}
      {loaded.error && !loaded.data && <ErrorNotice error={loaded.error} alert={false} />}
      {name === '' || loaded.data ? (
        <Form name={name} loaded={loaded.data} others={others} onClose={onClose} />
      ) : (
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
        </div>
      )}
    </Dialog>
  );
}

function Form({ name, others, loaded, onClose }: EditSegmentProps & { loaded: Answer<Segment> | undefined }) {
  const client = useQueryClient();
  const [base, setBase] = useState(loaded);
  const [title, setTitle] = useState(name);
  const [rule, setRule] = useState<Json>(loaded?.data.definition ?? nobody);
  const [missing, setMissing] = useState(false);
  const change = useMutation({
    mutationFn: async (remove: boolean) => {
      const path = `segments/${enc(title.trim())}`;
      try {
        return await (remove
          ? ask('DELETE', path, { ifMatch: base?.etag })
          : ask('PUT', path, {
              body: { definition: rule },
              ...(base ? { ifMatch: base.etag } : { ifNew: true }),
            }));
      } catch (error) {
        // What is in force now is what the next attempt replaces.
        if (base && error instanceof APIError && error.status === 412)
          setBase(await ask<Segment>('GET', path));
        throw error;
      }
    },
    onSuccess: (_, remove) => {
      notify(remove ? t('resource.deleted', { label: title }) : t('resource.saved', { label: title.trim() }));
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: flagsKey }),
  });
  const stale = change.error instanceof APIError && change.error.status === 412;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setMissing(title.trim() === '');
    if (title.trim() !== '' && !change.isPending) change.mutate(false);
  };
  return (
    <form className="stack" noValidate onSubmit={submit}>
      <Attributes />
      {name === '' && (
        <TextField
          label={t('name')}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          data-focus
          error={
            missing && title.trim() === ''
              ? t('form.required')
              : stale && !base
                ? t('flags.taken', { key: title.trim() })
                : undefined
          }
          value={title}
          onChange={(event) => {
            setTitle(event.target.value);
            change.reset();
          }}
        />
      )}
      <Tests
        rule={readCondition(rule)}
        label={t('segments.rule')}
        segments={others}
        onChange={(next) => {
          setRule(writeCondition(next));
        }}
      />
      {stale && base && (
        <Notice kind="warn" title={t('error.stale.title')} alert>
          <p>{t('segments.stale')}</p>
          <pre>{pretty(base.data.definition)}</pre>
        </Notice>
      )}
      {change.error && !stale && <Refused error={change.error} />}
      <div className="dialog-actions">
        {name !== '' && (
          <Button
            look="danger"
            onClick={() => {
              if (!change.isPending) change.mutate(true);
            }}
          >
            {t('resource.delete')}
          </Button>
        )}
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={change.isPending}>
          {change.isPending ? t('settings.saving') : t('settings.save')}
        </Button>
      </div>
    </form>
  );
}
