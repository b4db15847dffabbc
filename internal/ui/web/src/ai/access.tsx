import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import type { Answer } from '../api/client';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { LinesField, linesOf } from './lines-field';
import type { AccessRule } from './types';
import { useChangeRule, useRule } from './use-rule';

interface ListProps {
  rules: AccessRule[];
  onEdit: ((role: string) => void) | undefined;
  onRemove: (role: string) => void;
}

/** Which models which role may use. */
export function AccessList({ rules, onEdit, onRemove }: ListProps) {
  if (rules.length === 0) return <p className="dim">{t('ai.access.empty')}</p>;
  return (
    <ul className="card flush rows">
      {rules.map(({ role, models }) => (
        <li key={role} data-role={role}>
          <div>
            <p>
              <b>{roleName(role)}</b>
            </p>
            {models.length > 0 ? (
              <p className="small mono">{models.join(', ')}</p>
            ) : (
              <p className="small dim">{t('ai.access.none')}</p>
            )}
          </div>
          {onEdit && (
            <div className="row">
              <Button
                aria-haspopup="dialog"
                aria-label={t('ai.access.change.of', { role: roleName(role) })}
                onClick={() => {
                  onEdit(role);
                }}
              >
                {t('limits.change')}
              </Button>
              <Button
                look="bare"
                aria-haspopup="dialog"
                aria-label={t('ai.access.remove.of', { role: roleName(role) })}
                onClick={() => {
                  onRemove(role);
                }}
              >
                {t('limits.own.remove')}
              </Button>
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

/** A role as people read it. */
export function roleName(role: string): string {
  return role === '*' ? t('ai.access.others') : role;
}

export function accessPath(role: string): string {
  return `ai/access/${encodeURIComponent(role)}`;
}

interface EditProps {
  /** Empty: a new one. */
  role: string;
  onClose: () => void;
}

/** Says which models a role may use. */
export function EditAccess({ role, onClose }: EditProps) {
  const rule = useRule<AccessRule>(role === '' ? undefined : accessPath(role));
  const ready = role === '' || rule.data !== undefined;
  return (
    <Dialog
      title={role === '' ? t('ai.access.new') : t('ai.access.change.of', { role: roleName(role) })}
      onClose={onClose}
    >
      {!ready && rule.isPending && <LoadingRows rows={2} height="4rem" />}
      {!ready && rule.error && <ErrorNotice error={rule.error} alert={false} />}
      {ready ? (
        <Form role={role} loaded={rule.data} onClose={onClose} />
      ) : (
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
        </div>
      )}
    </Dialog>
  );
}

function Form({ role, loaded, onClose }: EditProps & { loaded: Answer<AccessRule> | undefined }) {
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState(role);
  const [models, setModels] = useState(loaded?.data.models.join('\n') ?? '');
  const [missing, setMissing] = useState(false);
  const { change, problem, taken, stale, other } = useChangeRule(loaded, onClose);
  const wrong = missing && name.trim() === '' ? t('form.required') : problem('role');
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [missing, change.error]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setMissing(name.trim() === '');
    if (name.trim() === '' || change.isPending) return;
    change.mutate({
      method: 'PUT',
      path: accessPath(name.trim()),
      body: { models: linesOf(models) },
      done: t('resource.saved', { label: roleName(name.trim()) }),
    });
  };
  return (
    <form ref={form} className="stack" noValidate onSubmit={submit}>
      {role === '' && (
        <TextField
          label={t('ai.by.role')}
          hint={t('ai.access.role.hint')}
          autoComplete="off"
          spellCheck={false}
          maxLength={64}
          data-focus
          error={wrong ?? (taken ? t('ai.taken', { name: name.trim() }) : undefined)}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            change.reset();
          }}
        />
      )}
      <LinesField
        label={t('ai.access.models')}
        hint={t('ai.access.hint')}
        error={problem('models')}
        value={models}
        onChange={setModels}
      />
      {stale && (
        <Notice kind="warn" title={t('error.stale.title')} alert>
          <p>{t('ai.stale', { now: stale.models.join(', ') || t('ai.access.none') })}</p>
        </Notice>
      )}
      {other && <Refused error={other} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={change.isPending}>
          {change.isPending ? t('settings.saving') : t('settings.save')}
        </Button>
      </div>
    </form>
  );
}
