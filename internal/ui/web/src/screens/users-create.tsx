import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { RoleChoice } from '../access/role-choice';
import { ask } from '../api/client';
import type { User as Account } from '../api/types';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { NewPasswordField } from '../parts/password-field';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { remarks } from '../forms/remarks';
import { t } from '../strings';
import { usersKey } from './users-one';

export interface CreateUserProps {
  onClose: () => void;
  onCreated: (id: string) => void;
}

const empty = { email: '', name: '', password: '', roles: [] as string[] };

/** Makes an account. */
export function CreateUser({ onClose, onCreated }: CreateUserProps) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(empty);
  const [missing, setMissing] = useState(false);
  const create = useMutation({
    mutationFn: async () => (await ask<Account>('POST', 'users', { body: draft })).data,
    onSuccess: (made) => {
      notify(t('resource.created', { label: made.email }));
      void client.invalidateQueries({ queryKey: usersKey });
      onCreated(made.id);
    },
  });
  const problems = remarks(create.error);
  const problem = (name: string) => problems.find((one) => one.pointer.startsWith('/' + name))?.detail;
  const atFields =
    problems.length > 0 && problems.every(({ pointer }) => /^\/(email|name|password)/.test(pointer));
  useEffect(() => {
    if (create.error || missing) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [create.error, missing]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setMissing(draft.email.trim() === '');
    if (draft.email.trim() !== '' && !create.isPending) create.mutate();
  };
  const text = (name: 'email' | 'name' | 'password') => ({
    name,
    value: draft[name],
    onChange: (event: { target: { value: string } }) => {
      setDraft({ ...draft, [name]: event.target.value });
    },
  });
  return (
    <Dialog title={t('users.new')} onClose={onClose}>
      <form ref={form} className="stack" noValidate onSubmit={submit}>
        <TextField
          label={t('email')}
          type="email"
          required
          autoComplete="off"
          data-focus
          error={missing && draft.email === '' ? t('form.required') : problem('email')}
          {...text('email')}
        />
        <TextField
          label={t('name')}
          autoComplete="off"
          maxLength={200}
          error={problem('name')}
          {...text('name')}
        />
        <NewPasswordField
          label={t('password')}
          hint={t('users.password.hint')}
          error={problem('password')}
          {...text('password')}
        />
        <RoleChoice
          label={t('users.roles')}
          chosen={draft.roles}
          onChange={(roles) => {
            setDraft({ ...draft, roles });
          }}
        />
        {create.error && !atFields && <Refused error={create.error} />}
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
