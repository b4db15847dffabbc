import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field, TextField } from '../parts/field';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { remarks } from '../forms/remarks';
import { t } from '../strings';
import type { Definition, Json, Kind } from './definition';
import { flagPath, flagsKey } from './queries';
import type { FlagDetail } from './types';

export interface CreateFlagProps {
  onClose: () => void;
  onCreated: (key: string) => void;
}

const kinds: readonly Kind[] = ['bool', 'string', 'number', 'object'];

const beginnings: Record<Kind, Record<string, Json>> = {
  bool: { on: true, off: false },
  string: { a: 'a', b: 'b' },
  number: { low: 1, high: 2 },
  object: { a: { enabled: true }, b: { enabled: false } },
};

/** Makes a flag that serves its safe variant to everybody; who gets what is then said on its page. */
export function CreateFlag({ onClose, onCreated }: CreateFlagProps) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [key, setKey] = useState('');
  const [kind, setKind] = useState<Kind>('bool');
  const [description, setDescription] = useState('');
  const [owner, setOwner] = useState('');
  const [missing, setMissing] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      ask<FlagDetail>('PUT', flagPath(key.trim()), {
        body: { definition: beginning(kind, description.trim(), owner.trim()) },
        ifNew: true,
      }),
    onSuccess: ({ data }) => {
      notify(t('resource.created', { label: data.key }));
      void client.invalidateQueries({ queryKey: flagsKey });
      onCreated(data.key);
    },
  });
  const taken = create.error instanceof APIError && create.error.status === 412;
  const problem = remarks(create.error)[0]?.detail;
  useEffect(() => {
    if (create.error || missing) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [create.error, missing]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setMissing(key.trim() === '');
    if (key.trim() !== '' && !create.isPending) create.mutate();
  };
  return (
    <Dialog title={t('flags.new')} onClose={onClose}>
      <form ref={form} className="stack" noValidate onSubmit={submit}>
        <TextField
          label={t('flags.key')}
          hint={t('flags.key.hint')}
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="off"
          maxLength={200}
          required
          data-focus
          error={
            missing && key.trim() === ''
              ? t('form.required')
              : taken
                ? t('flags.taken', { key: key.trim() })
                : problem
          }
          value={key}
          onChange={(event) => {
            setKey(event.target.value);
            if (create.error) create.reset();
          }}
        />
        <Field label={t('flags.kind')}>
          {(wiring) => (
            <select
              className="input"
              {...wiring}
              value={kind}
              onChange={(event) => {
                setKind(event.target.value as Kind);
              }}
            >
              {kinds.map((one) => (
                <option key={one} value={one}>
                  {t(`flags.kind.${one === 'bool' ? 'boolean' : one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          label={t('flags.description')}
          autoComplete="off"
          value={description}
          onChange={(event) => {
            setDescription(event.target.value);
          }}
        />
        <TextField
          label={t('flags.owner')}
          autoComplete="off"
          value={owner}
          onChange={(event) => {
            setOwner(event.target.value);
          }}
        />
        {create.error && !taken && !problem && <Refused error={create.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {create.isPending ? t('resource.creating') : t('resource.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function beginning(kind: Kind, description: string, owner: string): Definition {
  const variants = beginnings[kind];
  const metadata = { ...(description && { description }), ...(owner && { owner }) };
  return {
    state: 'ENABLED',
    variants,
    defaultVariant: kind === 'bool' ? 'off' : (Object.keys(variants)[0] ?? null),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}
