import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useRef, type ReactNode } from 'react';
import { get } from '../api/client';
import type { AuditEntry, Items } from '../api/types';
import { Button } from '../parts/button';
import { CloseIcon } from '../parts/icons';
import { Person } from '../parts/person';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { show } from '../show';
import { t } from '../strings';
import { useAddress } from '../system/address';

const filters = ['actor', 'action', 'target'] as const;
type Filter = (typeof filters)[number];

/** Who did what, newest first. The address holds whose acts, which and on what. */
export function Audit() {
  const [address, setAddress] = useAddress();
  const group = useRef<HTMLDivElement>(null);
  const chosen = filters.filter((name) => address[name]);
  const query = new URLSearchParams([
    ['limit', '50'],
    ...chosen.map((name): [string, string] => [name, address[name] ?? '']),
  ]).toString();
  const audit = useInfiniteQuery({
    queryKey: ['audit', query],
    queryFn: ({ pageParam, signal }) =>
      get<Items<AuditEntry>>(
        `audit?${query}${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`,
        signal,
      ),
    // What is shown stays until the other entries are here, and with it the focus on the value that was chosen.
    placeholderData: keepPreviousData,
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
  const entries = audit.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t('audit')}>
      <div className="stack">
        <div ref={group} className="chips" role="group" tabIndex={-1} aria-label={t('audit.filters')}>
          {chosen.length === 0 && <p className="dim">{t('audit.about')}</p>}
          {chosen.map((name) => (
            <span key={name} className="chip">
              <span className="chip-text">
                {t(`audit.${name}`)}{' '}
                <b>{(name === 'actor' && actorName(entries, address[name])) || address[name]}</b>
              </span>
              <Button
                look="icon"
                aria-label={t('audit.all', { name: t(`audit.${name}`) })}
                onClick={() => {
                  setAddress({ [name]: '' });
                  group.current?.focus();
                }}
              >
                <CloseIcon />
              </Button>
            </span>
          ))}
        </div>
        {audit.isPending && <LoadingRows rows={6} height="2.5rem" />}
        {audit.data && entries.length === 0 && (
          <div className="card empty stretch">
            <h2>{t('audit.empty.title')}</h2>
            <p>{chosen.length > 0 ? t('audit.none') : t('audit.empty')}</p>
          </div>
        )}
        {entries.length > 0 && (
          <Entries
            entries={entries}
            only={(name, value) => {
              setAddress({ [name]: value }, true);
            }}
          />
        )}
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

function actorName(entries: AuditEntry[], id = ''): ReactNode {
  const entry = entries.find((one) => one.actor === id);
  return entry && <Person id={entry.actor} name={entry.actor_name} />;
}

interface EntriesProps {
  entries: AuditEntry[];
  only: (name: Filter, value: string) => void;
}

function Entries({ entries, only }: EntriesProps) {
  const cell = (name: Filter, value: string, shown: ReactNode = value) => (
    <td role="cell" data-title={t(`audit.${name}`)}>
      {value && (
        <button
          type="button"
          className="link pick-value"
          title={t('audit.only')}
          onClick={() => {
            only(name, value);
          }}
        >
          {shown}
        </button>
      )}
    </td>
  );
  return (
    // As in every table of data, a row becomes a block where it is narrow, and elements keep their roles.
    <div className="card flush data">
      <div className="table-scroll full" tabIndex={0} role="region" aria-label={t('audit')}>
        <table className="table data-table" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {(['when', ...filters, 'detail'] as const).map((name) => (
                <th key={name} scope="col" role="columnheader">
                  {t(`audit.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {entries.map((entry) => (
              <tr key={entry.id} role="row">
                <td role="cell" data-title={t('audit.when')}>
                  <Moment at={entry.at} />
                </td>
                {cell('actor', entry.actor, <Person id={entry.actor} name={entry.actor_name} />)}
                {cell('action', entry.action)}
                {cell('target', entry.target, <code>{entry.target}</code>)}
                <td role="cell" className="any" data-title={t('audit.detail')}>
                  {detail(entry.detail)}
                </td>
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
