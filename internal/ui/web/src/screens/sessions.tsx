import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { sessionsQuery } from '../api/module-queries';
import type { Session } from '../api/types';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { device } from '../device';
import { signOut } from '../shell/sign-out';
import { t } from '../strings';
import { AccountCrumbs } from './account-crumbs';

/** Where this person is signed in, and the way to end each. */
export function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const [ending, setEnding] = useState<Session | null>(null);
  return (
    <Page title={t('sessions')} crumbs={<AccountCrumbs />}>
      <div className="stack">
        <p className="dim">{t('sessions.lead')}</p>
        {sessions.isPending && <LoadingRows rows={3} height="4.5rem" />}
        {sessions.error && !sessions.data && (
          <ErrorNotice error={sessions.error} onRetry={() => void sessions.refetch()} alert={false} />
        )}
        {sessions.data && (
          <ul className="card flush rows">
            {sessions.data.map((session) => (
              <li key={session.id}>
                <div>
                  <p className="row">
                    <b title={session.user_agent}>{device(session.user_agent)}</b>
                    {session.current && <span className="badge plain accent">{t('sessions.this')}</span>}
                  </p>
                  <p className="dim small">
                    {session.address} · {t('sessions.used')} <Moment at={session.last_used_at} /> ·{' '}
                    {t('sessions.since')} <Moment at={session.created_at} />
                  </p>
                </div>
                <Button
                  aria-haspopup="dialog"
                  aria-label={
                    session.current
                      ? t('sessions.end.this')
                      : t('sessions.end.of', { device: device(session.user_agent) })
                  }
                  onClick={() => {
                    setEnding(session);
                  }}
                >
                  {session.current ? t('signout') : t('sessions.end')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
      {ending && (
        <EndDialog
          session={ending}
          onClose={() => {
            setEnding(null);
          }}
        />
      )}
    </Page>
  );
}

function EndDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: async () => {
      if (session.current) await signOut();
      else await ask('DELETE', `auth/sessions/${encodeURIComponent(session.id)}`);
    },
    onSuccess: () => {
      if (!session.current) notify(t('sessions.ended'));
      void client.invalidateQueries({ queryKey: ['sessions'] });
      onClose();
    },
    onError: (error) => {
      // Gone already is what was wanted.
      if (error instanceof APIError && error.status === 404) {
        void client.invalidateQueries({ queryKey: ['sessions'] });
        onClose();
      }
    },
  });
  return (
    <Dialog title={session.current ? t('sessions.ask.this') : t('sessions.ask')} onClose={onClose}>
      <p>{t('sessions.ask.about', { device: device(session.user_agent), address: session.address })}</p>
      {end.error && <ErrorNotice error={end.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look="danger"
          busy={end.isPending}
          onClick={() => {
            end.mutate();
          }}
        >
          {session.current ? t('signout') : t('sessions.end')}
        </Button>
      </div>
    </Dialog>
  );
}
