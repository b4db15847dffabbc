import { useMutation } from '@tanstack/react-query';
import { useRef, type SyntheticEvent } from 'react';
import { post } from '../api/client';
import { APIError } from '../api/error';
import { noteExpiry } from '../api/session';
import type { SignedIn, User } from '../api/types';
import { Button } from '../parts/button';
import { TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { PasswordField } from '../parts/password-field';
import { Throttled } from '../parts/throttled';
import { t } from '../strings';

interface Props {
  email?: string;
  onDone: (user: User) => void;
}

/** Email and password; used by the sign-in page and by the dialog of a lost session. */
export function SignInForm({ email = '', onDone }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const signIn = useMutation({
    mutationFn: (body: { email: string; password: string }) =>
      post<SignedIn>('auth/login', body, { anonymous: true }),
    onSuccess: (answer) => {
      noteExpiry(answer.expires_in);
      onDone(answer.user);
    },
    onError: () => {
      form.current?.querySelector<HTMLInputElement>('input[name=password]')?.select();
    },
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (signIn.isPending) return;
    const data = new FormData(event.currentTarget);
    signIn.mutate({ email: String(data.get('email')).trim(), password: String(data.get('password')) });
  };
  return (
    <form ref={form} className="stack" onSubmit={submit}>
      <Failed error={signIn.error} />
      <TextField
        label={t('email')}
        name="email"
        type="email"
        autoComplete="username"
        required
        defaultValue={email}
        autoFocus={email === ''}
      />
      <PasswordField
        label={t('password')}
        name="password"
        autoComplete="current-password"
        required
        data-focus={email === '' ? undefined : true}
      />
      <Button type="submit" look="primary" busy={signIn.isPending}>
        {signIn.isPending ? t('signin.busy') : t('signin')}
      </Button>
    </form>
  );
}

function Failed({ error }: { error: unknown }) {
  if (!error) return null;
  if (!(error instanceof APIError)) return <ErrorNotice error={error} />;
  if (error.status === 429) return <Throttled error={error} />;
  if (error.status === 401 || error.status === 422) {
    return (
      <Notice kind="bad" alert>
        <p>{t('signin.wrong')}</p>
      </Notice>
    );
  }
  return <ErrorNotice error={error} />;
}
