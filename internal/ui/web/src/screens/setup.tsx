import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Navigate, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, type SyntheticEvent } from 'react';
import { post } from '../api/client';
import { APIError } from '../api/error';
import { setupQuery } from '../api/queries';
import { noteExpiry } from '../api/session';
import type { SignedIn } from '../api/types';
import { config } from '../config';
import { Button } from '../parts/button';
import { TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { NewPasswordField } from '../parts/password-field';
import { Skeleton } from '../parts/skeleton';
import { Throttled } from '../parts/throttled';
import { setupToken } from '../setup-token';
import { Gate } from '../shell/gate';
import { useStore } from '../store';
import { remarks } from '../forms/remarks';
import { t } from '../strings';

const names = ['token', 'name', 'email', 'password'] as const;
type Name = (typeof names)[number];

/** Creates the first account with the one-time token of the set-up link. */
export function Setup() {
  const status = useQuery(setupQuery);
  if (status.data && !status.data.required) return <Navigate to="/login" replace />;
  return (
    <Gate title={t('setup.title', { title: config.title })}>
      {status.isPending && <Skeleton height="22rem" />}
      {status.error && <ErrorNotice error={status.error} onRetry={() => void status.refetch()} />}
      {status.data && <SetupForm />}
    </Gate>
  );
}

function SetupForm() {
  const token = useStore(setupToken);
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: (body: Record<Name, string>) => post<SignedIn>('setup', body, { anonymous: true }),
    onSuccess: (answer) => {
      noteExpiry(answer.expires_in);
      client.clear();
      void navigate({ to: '/', replace: true });
    },
    onError: (error) => {
      // Someone was faster: the other screen says what to do now.
      if (error instanceof APIError && error.status === 409) void client.invalidateQueries(setupQuery);
    },
  });
  const errors = byField(create.error);
  useEffect(() => {
    if (create.error) form.current?.querySelector<HTMLInputElement>('[aria-invalid]')?.focus();
  }, [create.error]);

  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (create.isPending) return;
    const data = new FormData(event.currentTarget);
    const value = (name: Name) => String(data.get(name) ?? '');
    create.mutate({
      token: value('token').trim() || token,
      email: value('email').trim(),
      password: value('password'),
      name: value('name').trim(),
    });
  };
  return (
    <form ref={form} className="stack" onSubmit={submit}>
      <p className="dim">{token ? t('setup.lead') : t('setup.no-token')}</p>
      {create.error && Object.keys(errors).length === 0 && <Failed error={create.error} />}
      {(!token || errors.token) && (
        <TextField
          label={t('setup.token')}
          hint={t('setup.token.hint')}
          name="token"
          required
          autoComplete="off"
          spellCheck={false}
          error={errors.token}
        />
      )}
      <TextField
        label={t('name')}
        name="name"
        autoComplete="name"
        required
        error={errors.name}
        autoFocus={!!token}
      />
      <TextField
        label={t('email')}
        name="email"
        type="email"
        autoComplete="username"
        required
        error={errors.email}
      />
      <NewPasswordField
        label={t('password')}
        hint={t('setup.password.hint')}
        name="password"
        required
        error={errors.password}
      />
      <Button type="submit" look="primary" busy={create.isPending}>
        {create.isPending ? t('setup.busy') : t('setup.create')}
      </Button>
    </form>
  );
}

function byField(error: unknown): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const field of remarks(error)) {
    const name = names.find((known) => field.pointer === '/' + known);
    if (name) found[name] ??= field.detail;
  }
  return found;
}

function Failed({ error }: { error: unknown }) {
  if (error instanceof APIError && error.status === 429) return <Throttled error={error} />;
  if (error instanceof APIError && [401, 403, 404, 409, 410].includes(error.status)) {
    return (
      <Notice kind="bad" title={t('setup.refused.title')} alert>
        <p>{t('setup.refused')}</p>
      </Notice>
    );
  }
  return <ErrorNotice error={error} />;
}
