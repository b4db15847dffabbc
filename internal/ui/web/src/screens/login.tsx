import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Navigate, useRouter, useSearch } from '@tanstack/react-router';
import { setupQuery } from '../api/queries';
import { config } from '../config';
import { Gate } from '../shell/gate';
import { t } from '../strings';
import { SignInForm } from './sign-in-form';

/** Signs in and goes back to where the person was. */
export function Login() {
  const { next } = useSearch({ from: '/login' });
  const router = useRouter();
  const client = useQueryClient();
  const setup = useQuery(setupQuery);
  if (setup.data?.required) return <Navigate to="/setup" replace />;
  return (
    <Gate title={t('login.title', { title: config.title })}>
      <SignInForm
        onDone={() => {
          client.clear();
          router.history.push(config.base.slice(0, -1) + place(next));
        }}
      />
    </Gate>
  );
}

/** Only a path of this dashboard is a place to return to. */
export function place(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/';
}
