import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { APIError } from '../api/error';
import { meQuery, myModulesQuery } from '../api/queries';
import { mayHaveSession, onOtherTab } from '../api/session';
import type { Me } from '../api/types';
import { config } from '../config';
import { lazyPart } from '../lazy';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';

const Frame = lazyPart<{ me: Me }>(() => import('./frame'), 'Frame', { core: true });

/** Finds out who asks, and what to do when that is nobody. The frame comes while it waits; a stranger needs none. */
export function Shell() {
  const client = useQueryClient();
  const router = useRouter();
  const me = useQuery(meQuery);
  const stranger = !me.data && me.error instanceof APIError && me.error.status === 401;
  // For someone who was here before, the list is on its way while the page still learns who asks.
  useQuery({ ...myModulesQuery, enabled: me.data !== undefined || mayHaveSession() });

  useEffect(() => {
    if (mayHaveSession()) void Frame.preload();
  }, []);
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
    <Suspense fallback={<Starting />}>
      <Frame me={me.data} />
    </Suspense>
  );
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
