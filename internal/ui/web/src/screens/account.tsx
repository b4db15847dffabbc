import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode, type SyntheticEvent } from 'react';
import { ask, post } from '../api/client';
import { meQuery } from '../api/queries';
import { noteExpiry } from '../api/session';
import type { Me, SignedIn } from '../api/types';
import { Button } from '../parts/button';
import { TextField } from '../parts/field';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { notify } from '../parts/toast';
import { Preferences } from '../shell/preferences';
import { remarks } from '../forms/remarks';
import { t } from '../strings';
import { PasswordButton } from './password';

/** A person's own account: their name, how the page looks and speaks, and the ways to what else is theirs. */
export function Account() {
  const me = useQuery(meQuery).data;
  return (
    <Page title={t('user.label')}>
      <div className="stack account">
        {me && <Profile key={me.id} me={me} />}
        {me && <Password email={me.email} />}
        <section className="card stack">
          <div>
            <h2>{t('account.look')}</h2>
            <p className="dim">{t('account.look.about')}</p>
          </div>
          <Preferences name="account" />
        </section>
        <ul className="card flush rows">
          <Way to="/account/sessions" title={t('sessions')}>
            {t('account.sessions')}
          </Way>
          <Way to="/account/keys" title={t('keys.title')}>
            {t('account.keys')}
          </Way>
        </ul>
      </div>
    </Page>
  );
}

function Way({ to, title, children }: { to: string; title: string; children: ReactNode }) {
  return (
    <li>
      <div>
        <h2>
          <Link className="module-name" to={to}>
            {title}
          </Link>
        </h2>
        <p className="dim">{children}</p>
      </div>
    </li>
  );
}

function Password({ email }: { email: string }) {
  return (
    <section className="card stack">
      <div>
        <h2>{t('password')}</h2>
        <p className="dim">{t('account.password.about')}</p>
      </div>
      <div>
        <PasswordButton
          verb={t('password.own')}
          about={t('password.own.about')}
          done={t('password.own.done')}
          email={email}
          own
          save={async (password, present) => {
            const answer = await post<SignedIn>('auth/password', { present, password });
            noteExpiry(answer.expires_in);
          }}
        />
      </div>
    </section>
  );
}

const longest = 200;

function Profile({ me }: { me: Me }) {
  const client = useQueryClient();
  const [name, setName] = useState(me.name);
  const wanted = name.trim();
  const save = useMutation({
    mutationFn: () => ask<Me>('PATCH', 'auth/me', { body: { name: wanted } }),
    onSuccess: ({ data }) => {
      client.setQueryData(meQuery.queryKey, (old: Me | undefined) => old && { ...old, name: data.name });
      setName(data.name);
      notify(t('account.saved'));
    },
  });
  const refused = remarks(save.error).find((field) => field.pointer === '/name');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (wanted !== me.name && !save.isPending) save.mutate();
  };
  return (
    <section className="card">
      <form className="stack" onSubmit={submit}>
        <h2>{t('account.profile')}</h2>
        <TextField
          label={t('name')}
          name="name"
          autoComplete="name"
          maxLength={longest}
          value={name}
          error={refused?.detail}
          onChange={(event) => {
            setName(event.target.value);
            save.reset();
          }}
        />
        <dl className="facts">
          <div>
            <dt>{t('email')}</dt>
            <dd>{me.email}</dd>
          </div>
          <div>
            <dt>{t('account.roles')}</dt>
            <dd>{me.roles.join(', ') || t('account.roles.none')}</dd>
          </div>
        </dl>
        {save.error && !refused && <ErrorNotice error={save.error} />}
        <Button type="submit" look="primary" busy={save.isPending || wanted === me.name}>
          {save.isPending ? t('settings.saving') : t('settings.save')}
        </Button>
      </form>
    </section>
  );
}
