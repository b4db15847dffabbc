import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { followEvents } from '../api/events';
import { sessionLost } from '../api/session';
import type { Me } from '../api/types';
import { lazyPart } from '../lazy';
import { Boundary } from '../parts/boundary';
import { LoadingRows } from '../parts/skeleton';
import { Toasts } from '../parts/toast';
import { useStore } from '../store';
import { t } from '../strings';
import '../styles/late.css';
import { Banner } from './banner';
import { Header } from './header';
import { Nav } from './nav';

const SignInAgain = lazyPart<{ me: Me }>(() => import('./sign-in-again'), 'SignInAgain');

/** The frame of every signed-in screen: header, navigation, live updates, and the way back into a lost session. */
export function Frame({ me }: { me: Me }) {
  const client = useQueryClient();
  const { pathname } = useLocation();
  const lost = useStore(sessionLost);

  useEffect(() => (lost ? undefined : followEvents(client)), [client, lost]);

  return (
    <>
      <a className="skip" href="#main" onClick={skip}>
        {t('skip')}
      </a>
      <div className="shell">
        <Header me={me} />
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
      <Toasts />
      {lost && (
        <Suspense>
          <SignInAgain me={me} />
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
