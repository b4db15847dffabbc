import { useInfiniteQuery } from '@tanstack/react-query';
import { get } from '../api/client';
import type { AuditEntry, Items } from '../api/types';
import { Button } from '../parts/button';
import { Person } from '../parts/person';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { show } from '../show';
import { t } from '../strings';

/** Who did what, newest first. */
export function Audit() {
  const audit = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam, signal }) =>
      get<Items<AuditEntry>>(
        `audit?limit=50${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`,
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
  const entries = audit.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t('audit')}>
      <div className="stack">
        {audit.isPending && <LoadingRows rows={6} height="2.5rem" />}
        {audit.data && entries.length === 0 && (
          <div className="card empty stretch">
            <h2>{t('audit.empty.title')}</h2>
            <p>{t('audit.empty')}</p>
          </div>
        )}
        {entries.length > 0 && <Entries entries={entries} />}
        {audit.error && (
          <ErrorNotice
            error={audit.error}
            onRetry={() => void (audit.data ? audit.fetchNextPage() : audit.refetch())}
            alert={false}
          />
        )}
        {audit.hasNextPage && (
          <Button busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
            {audit.isFetchingNextPage ? t('loading') : t('audit.more')}
          </Button>
        )}
      </div>
    </Page>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  return (
    <div className="card flush">
      <div className="table-scroll full" tabIndex={0} role="region" aria-label={t('audit')}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('audit.when')}</th>
              <th scope="col">{t('audit.who')}</th>
              <th scope="col">{t('audit.what')}</th>
              <th scope="col">{t('audit.target')}</th>
              <th scope="col">{t('audit.detail')}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.id}>
                <td>
                  <Moment at={entry.at} />
                </td>
                <td>
                  <Person id={entry.actor} name={entry.actor_name} />
                </td>
                <td>{entry.action}</td>
                <td className="mono">{entry.target}</td>
                <td className="any">{detail(entry.detail)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function detail(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return show(value);
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${show(part)}`)
    .join(', ');
}
