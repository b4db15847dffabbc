import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { beyond, patternsOf, roleTitle, type Role } from '../access/patterns';
import { rolesQuery, useOwnPatterns } from '../access/queries';
import { RoleChoice } from '../access/role-choice';
import { SaveDraft } from '../access/save-draft';
import { useDraft } from '../access/use-draft';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import type { User as Account } from '../api/types';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { Moment } from '../parts/moment';
import { Notice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { Nothing } from '../resource/value';
import { show } from '../show';
import { t } from '../strings';
import { PasswordButton } from './password';

/** An account as lists and its page have it. */
export type UserItem = Account & { last_login_at?: string | null };

interface Tagged {
  item: UserItem;
  etag: string;
}

/** Every list and item of users begins with this key. */
export const usersKey = ['resource-data', 'api/v1/users'] as const;

export function userQuery(id: string) {
  return queryOptions({
    queryKey: [...usersKey, 'item', id],
    queryFn: async ({ signal }): Promise<Tagged> => {
      const { data, etag } = await ask<UserItem>('GET', `users/${encodeURIComponent(id)}`, { signal });
      return { item: data, etag };
    },
    staleTime: 0,
  });
}

/** Whether an account may sign in. */
export function StatusBadge({ disabled }: { disabled: boolean }) {
  return (
    <span className={`badge ${disabled ? 'warn' : 'good'}`}>
      {disabled ? t('users.disabled') : t('users.enabled')}
    </span>
  );
}

/** The editor of an account beside its facts. */
export function UserBody({ latest, editable }: { latest: Tagged; editable: boolean }) {
  const { item } = latest;
  const { data: roles = [], isPending } = useQuery(rolesQuery);
  const own = useOwnPatterns();
  if (isPending) return <LoadingRows rows={4} height="4rem" />;
  const missing = roles.length > 0 ? beyond(own, patternsOf(roles, item.roles).keys()) : '';
  return (
    <div className="settings">
      <section className="card" aria-label={t('users.one')}>
        {editable && !missing ? (
          <UserEditor latest={latest} roles={roles} />
        ) : (
          <div className="stack">
            {editable && (
              <Notice>
                <p>{t('users.beyond', { permission: missing })}</p>
              </Notice>
            )}
            <dl className="facts">
              <Fact title={t('users.roles')}>{titles(roles, item.roles)}</Fact>
            </dl>
          </div>
        )}
      </section>
      <section className="card" aria-label={t('resource.facts')}>
        <dl className="facts">
          <Fact title={t('email')}>{item.email}</Fact>
          <Fact title={t('users.status')}>
            <StatusBadge disabled={item.disabled} />
          </Fact>
          <Fact title={t('users.seen')}>
            {item.last_login_at ? <Moment at={item.last_login_at} /> : t('users.never')}
          </Fact>
          <Fact title={t('users.created')}>
            {item.created_at ? <Moment at={item.created_at} /> : <Nothing />}
          </Fact>
        </dl>
      </section>
    </div>
  );
}

function Fact({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function titles(roles: Role[], names: string[]): string {
  return show(
    names.map((name) => {
      const role = roles.find((one) => one.name === name);
      return role ? roleTitle(role) : name;
    }),
  );
}

function UserEditor({ latest, roles }: { latest: Tagged; roles: Role[] }) {
  const draft = useDraft(latest);
  return (
    <div className="stack">
      <TextField
        label={t('name')}
        autoComplete="off"
        maxLength={200}
        value={draft.value.name}
        onChange={(event) => {
          draft.set({ name: event.target.value });
        }}
      />
      <RoleChoice
        label={t('users.roles')}
        chosen={draft.value.roles}
        onChange={(chosen) => {
          // In the order they had, so that a choice taken back is no change.
          draft.set({ roles: ordered(chosen, draft.base.item.roles) });
        }}
      />
      <SaveDraft
        draft={draft}
        latest={latest}
        path={`users/${encodeURIComponent(latest.item.id)}`}
        keys={[usersKey]}
        patch={(base, value) => ({
          ...(base.name !== value.name && { name: value.name }),
          ...(show(base.roles) !== show(value.roles) && { roles: value.roles }),
        })}
        differences={(base, value) =>
          [
            { label: t('name'), before: show(base.name), after: show(value.name) },
            { label: t('users.roles'), before: titles(roles, base.roles), after: titles(roles, value.roles) },
            { label: t('users.disabled'), before: show(base.disabled), after: show(value.disabled) },
          ].filter((change) => change.before !== change.after)
        }
        saved={t('resource.saved', { label: latest.item.email })}
      />
    </div>
  );
}

function ordered(chosen: string[], as: string[]): string[] {
  return [...as.filter((name) => chosen.includes(name)), ...chosen.filter((name) => !as.includes(name))];
}

/** Gives an account a new password. */
export function SetPassword({ latest: { item } }: { latest: Tagged }) {
  return (
    <PasswordButton
      verb={t('users.password')}
      about={t('users.password.about', { email: item.email })}
      done={t('users.password.done', { email: item.email })}
      email={item.email}
      save={(password) => ask('PUT', `users/${encodeURIComponent(item.id)}/password`, { body: { password } })}
    />
  );
}

/** Lets an account in or keeps it out, after asking. */
export function UserState({ latest }: { latest: Tagged }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { item, etag } = latest;
  const change = useMutation({
    mutationFn: () =>
      ask('PATCH', `users/${encodeURIComponent(item.id)}`, {
        body: { disabled: !item.disabled },
        ifMatch: etag,
      }),
    onSuccess: () => {
      setAsking(false);
      notify(
        item.disabled
          ? t('users.enable.done', { email: item.email })
          : t('users.disable.done', { email: item.email }),
      );
      void client.invalidateQueries({ queryKey: usersKey });
    },
    onError: (error) => {
      if (error instanceof APIError && error.status === 412)
        void client.invalidateQueries({ queryKey: usersKey });
    },
  });
  const verb = item.disabled ? t('users.enable') : t('users.disable');
  return (
    <>
      <Button
        look={item.disabled ? undefined : 'danger'}
        aria-haspopup="dialog"
        onClick={() => {
          change.reset();
          setAsking(true);
        }}
      >
        {verb}
      </Button>
      {asking && (
        <Dialog
          title={
            item.disabled
              ? t('users.enable.ask', { email: item.email })
              : t('users.disable.ask', { email: item.email })
          }
          onClose={() => {
            setAsking(false);
          }}
        >
          <p>{item.disabled ? t('users.enable.about') : t('users.disable.about')}</p>
          {change.error && <Refused error={change.error} />}
          <div className="dialog-actions">
            <Button
              onClick={() => {
                setAsking(false);
              }}
            >
              {t('cancel')}
            </Button>
            <Button
              look={item.disabled ? 'primary' : 'danger'}
              busy={change.isPending}
              onClick={() => {
                change.mutate();
              }}
            >
              {verb}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
