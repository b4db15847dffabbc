import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation, useRouter } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { APIError } from '../api/error';
import { followEvents } from '../api/events';
import { meQuery, myModulesQuery } from '../api/queries';
import { mayHaveSession, onOtherTab, sessionLost } from '../api/session';
import type { Me } from '../api/types';
import { config } from '../config';
import { lazyPart } from '../lazy';
import { Boundary } from '../parts/boundary';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { useStore } from '../store';
import { t } from '../strings';
import { Banner } from './banner';
import { Header } from './header';
import { Nav } from './nav';

const SignInAgain = lazyPart<{ me: Me }>(() => import('./sign-in-again'), 'SignInAgain');

/** The frame of every signed-in screen: header, navigation, live updates, and what to do without a session. */
export function Shell() {
  const client = useQueryClient();
  const router = useRouter();
  const { pathname } = useLocation();
  const me = useQuery(meQuery);
  const lost = useStore(sessionLost);
  const signedIn = me.data !== undefined;
  const stranger = !signedIn && me.error instanceof APIError && me.error.status === 401;
  // For someone who was here before, the list is on its way while the page still learns who asks.
  useQuery({ ...myModulesQuery, enabled: signedIn || mayHaveSession() });

  useEffect(() => (signedIn && !lost ? followEvents(client) : undefined), [client, signedIn, lost]);
  useEffect(() => onOtherTab(() => void client.invalidateQueries({ queryKey: ['me'] })), [client]);

  useEffect(() => {
    if (!stranger) return;
    const { pathname: path, searchStr } = router.latestLocation;
    if (path === '/login') return;
    const here = path + searchStr;
    void router.navigate({ to: '/login', search: here === '/' ? {} : { next: here }, replace: true });
  }, [router, stranger]);

  if (!me.data) {
    return me.error && !stranger ? (
      <NoServer error={me.error} retry={() => void me.refetch()} />
    ) : (
      <Starting />
    );
  }
  return (
    <>
      <a className="skip" href="#main" onClick={skip}>
        {t('skip')}
      </a>
      <div className="shell">
        <Header me={me.data} />
        <Banner />
        <nav className="nav" aria-label={t('nav.label')}>
          <Nav />
        </nav>
        <main className="main" id="main" tabIndex={-1}>
          <Boundary resetKey={pathname} page>
            <Suspense fallback={<LoadingRows rows={3} height="7rem" />}>
              <Outlet />
            </Suspense>
          </Boundary>
        </main>
      </div>
      {lost && (
        <Suspense>
          <SignInAgain me={me.data} />
        </Suspense>
      )}
    </>
  );
}

// The router owns the fragment; the jump is made by hand.
function skip(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Starting() {
  return (
    <div className="shell" aria-busy="true">
      <div className="header" />
      <main className="main">
        <h1 className="visually-hidden">{config.title}</h1>
        <LoadingRows rows={3} height="7rem" />
      </main>
    </div>
  );
}

function NoServer({ error, retry }: { error: Error; retry: () => void }) {
  return (
    <main className="gate">
      <h1>{config.title}</h1>
      <ErrorNotice error={error} onRetry={retry} />
    </main>
  );
}
