import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import type { Role } from '../access/patterns';
import { rolesAt } from '../access/queries';
import { RoleChoice } from '../access/role-choice';
import { post } from '../api/client';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { notify } from '../parts/toast';
import { dataKey } from '../resource/queries';
import { Refused } from '../resource/refused';
import { remarks } from '../forms/remarks';
import { t } from '../strings';

export interface CreateRoleProps {
  onClose: () => void;
  onCreated: (name: string) => void;
}

const form = /^[a-z][a-z0-9_-]{0,39}$/;

/** Makes a role; what it allows is chosen on its own page. */
export function CreateRole({ onClose, onCreated }: CreateRoleProps) {
  const client = useQueryClient();
  const ref = useRef<HTMLFormElement>(null);
  const [title, setTitle] = useState('');
  const [typed, setTyped] = useState('');
  const [inherits, setInherits] = useState<string[]>([]);
  const [wrong, setWrong] = useState('');
  const name = typed || proposed(title);
  const create = useMutation({
    mutationFn: () => post<Role>('roles', { name, title: title.trim(), permissions: [], inherits }),
    onSuccess: () => {
      notify(t('resource.created', { label: title || name }));
      void client.invalidateQueries({ queryKey: dataKey(rolesAt) });
      onCreated(name);
    },
  });
  const problems = remarks(create.error);
  const problem = (field: string) => problems.find((one) => one.pointer.startsWith('/' + field))?.detail;
  const atFields = problems.length > 0 && problems.every(({ pointer }) => /^\/(name|title)/.test(pointer));
  useEffect(() => {
    if (create.error || wrong) ref.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [create.error, wrong]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const bad = form.test(name) ? '' : t('roles.id.form');
    setWrong(bad);
    if (!bad && !create.isPending) create.mutate();
  };
  return (
    <Dialog title={t('roles.new')} onClose={onClose}>
      <form ref={ref} className="stack" noValidate onSubmit={submit}>
        <TextField
          label={t('roles.name')}
          autoComplete="off"
          maxLength={100}
          data-focus
          error={problem('title')}
          value={title}
          onChange={(event) => {
            setTitle(event.target.value);
          }}
        />
        <TextField
          label={t('roles.id')}
          hint={t('roles.id.hint')}
          autoComplete="off"
          spellCheck={false}
          maxLength={40}
          error={wrong || problem('name')}
          value={name}
          onChange={(event) => {
            setTyped(event.target.value);
            setWrong('');
          }}
        />
        <RoleChoice label={t('roles.inherits')} chosen={inherits} onChange={setInherits} />
        <p className="hint">{t('roles.new.about')}</p>
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

/** A name made of a title: `Night shift` becomes `night-shift`. */
function proposed(title: string): string {
  return title
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
    .replaceAll(' ', '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40);
}
