import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { byModule, type Permission } from '../access/patterns';
import { permissionsQuery, useModuleTitles } from '../access/queries';
import { permissionTitle } from '../access/titles';
import { post } from '../api/client';
import { useMay } from '../api/may';
import { meQuery } from '../api/queries';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field, TextField } from '../parts/field';
import { remarks } from '../forms/remarks';
import { useNow } from '../parts/now';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { keysKey } from './keys';
import { NewKey } from './keys-new';

export interface CreateKeyProps {
  onClose: () => void;
}

interface Made {
  id: string;
  key: string;
}

const presets = ['30', '90', '365', 'date', 'never'] as const;

type Preset = (typeof presets)[number];

const dayMs = 86_400_000;

/** Makes a key with some of this person's own permissions, and shows it this once. */
export function CreateKey({ onClose }: CreateKeyProps) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState('');
  const [permissions, setPermissions] = useState<string[]>([]);
  const [preset, setPreset] = useState<Preset>('90');
  const [date, setDate] = useState('');
  const [tried, setTried] = useState(0);
  const now = useNow(60_000);
  const create = useMutation({
    mutationFn: () => {
      const expires = expiry(preset, date);
      return post<Made>('api-keys', {
        name: name.trim(),
        permissions,
        ...(expires && { expires_at: expires }),
      });
    },
    // The key is for the eyes only: it does not stay in the cache of answers.
    gcTime: 0,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keysKey });
    },
  });
  const problems = remarks(create.error);
  const problem = (field: string) => problems.find((one) => one.pointer.startsWith('/' + field))?.detail;
  const missing = {
    name: name.trim() === '' ? t('form.required') : '',
    permissions: permissions.length === 0 ? t('keys.permissions.none') : '',
    date: preset === 'date' && !(Date.parse(`${date}T23:59:59`) > now) ? t('keys.date.past') : '',
  };
  const told = tried > 0;
  useEffect(() => {
    if (tried > 0 || create.error) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [tried, create.error]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(tried + 1);
    if (Object.values(missing).every((one) => one === '') && !create.isPending) create.mutate();
  };

  if (create.data) return <NewKey name={name.trim()} secret={create.data.key} onClose={onClose} />;
  return (
    <Dialog title={t('keys.new')} onClose={onClose}>
      <form ref={form} className="stack" noValidate onSubmit={submit}>
        <TextField
          label={t('name')}
          hint={t('keys.name.hint')}
          autoComplete="off"
          maxLength={100}
          data-focus
          error={(told && missing.name) || problem('name')}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
          }}
        />
        <Field label={t('keys.expiry')} error={problem('expires_at')}>
          {(wiring) => (
            <select
              className="input"
              {...wiring}
              value={preset}
              onChange={(event) => {
                setPreset(event.target.value as Preset);
              }}
            >
              {presets.map((one) => (
                <option key={one} value={one}>
                  {t(`keys.expiry.${one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {preset === 'date' && (
          <TextField
            label={t('keys.date')}
            type="date"
            error={told ? missing.date : ''}
            value={date}
            onChange={(event) => {
              setDate(event.target.value);
            }}
          />
        )}
        {preset === 'never' && <p className="hint">{t('keys.never.about')}</p>}
        <PermissionChoice
          chosen={permissions}
          onChange={setPermissions}
          error={(told && missing.permissions) || (problem('permissions') ?? '')}
        />
        {create.error && problems.length === 0 && <Refused error={create.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {create.isPending ? t('resource.creating') : t('keys.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function expiry(preset: Preset, date: string): string {
  if (preset === 'never') return '';
  if (preset === 'date') return new Date(`${date}T23:59:59`).toISOString();
  return new Date(Date.now() + Number(preset) * dayMs).toISOString();
}

interface ChoiceProps {
  chosen: string[];
  onChange: (chosen: string[]) => void;
  error: string;
}

/** This person's own permissions, by module: a key never holds more than its owner. */
function PermissionChoice({ chosen, onChange, error }: ChoiceProps) {
  const held = useQuery(meQuery).data?.permissions ?? [];
  const mayRead = useMay('users.read');
  const known = useQuery({ ...permissionsQuery, enabled: mayRead }).data ?? [];
  const titleOf = useModuleTitles();
  const all = held.map(
    (id): Permission =>
      known.find((one) => one.id === id) ?? { id, title: id, module: id.slice(0, id.indexOf('.')) },
  );
  return (
    <fieldset className="choices">
      <legend className="label">{t('permissions')}</legend>
      <p className="hint">{t('keys.permissions.hint')}</p>
      {error && (
        <p className="problem" id="key-permissions">
          {error}
        </p>
      )}
      {byModule(all).map(([module, group]) => {
        const ids = group.map((one) => one.id);
        const every = ids.every((id) => chosen.includes(id));
        return (
          <fieldset key={module} className="choices key-group">
            <legend className="row">
              <b>{titleOf(module)}</b>
              <button
                type="button"
                className="link small"
                aria-label={
                  every
                    ? t('keys.none.of', { title: titleOf(module) })
                    : t('keys.all.of', { title: titleOf(module) })
                }
                onClick={() => {
                  const others = chosen.filter((id) => !ids.includes(id));
                  onChange(every ? others : [...others, ...ids]);
                }}
              >
                {every ? t('keys.none') : t('keys.all')}
              </button>
            </legend>
            {group.map((permission) => {
              const { id } = permission;
              const title = permissionTitle(permission);
              return (
                <label key={id} className="check">
                  <input
                    type="checkbox"
                    checked={chosen.includes(id)}
                    aria-invalid={error ? true : undefined}
                    aria-describedby={error ? 'key-permissions' : undefined}
                    onChange={(event) => {
                      onChange(event.target.checked ? [...chosen, id] : chosen.filter((one) => one !== id));
                    }}
                  />
                  <span>
                    {title} {title !== id && <span className="mono small dim">{id}</span>}
                  </span>
                </label>
              );
            })}
          </fieldset>
        );
      })}
    </fieldset>
  );
}
