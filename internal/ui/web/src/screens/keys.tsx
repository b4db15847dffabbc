import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { permissionsQuery } from '../access/queries';
import { get } from '../api/client';
import { useMay } from '../api/may';
import type { Items } from '../api/types';
import { absolute } from '../format';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { useNow } from '../parts/now';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { useOpening } from '../shell/palette-opening';
import { t } from '../strings';
import { AccountCrumbs } from './account-crumbs';
import type { CreateKeyProps } from './keys-create';
import { RevokeKey } from './keys-revoke';

const CreateKey = lazyPart<CreateKeyProps>(() => import('./keys-create'), 'CreateKey');

/** An API key as the list has it; the key itself nobody can see again. */
export interface APIKey {
  id: string;
  name: string;
  prefix: string;
  permissions: string[];
  created_at: string;
  expires_at?: string | null;
  last_used_at?: string | null;
  revoked_at?: string | null;
  owner?: { id: string; name: string; email: string };
}

type Whose = 'me' | 'all';

/** Every list of keys begins with this key. */
export const keysKey = ['api-keys'] as const;

/** Keys for machines: this person's own, and everybody's for who may manage accounts. */
export function Keys() {
  const mayManage = useMay('users.manage');
  const [whose, setWhose] = useState<Whose>('me');
  const [creating, setCreating] = useOpening('key');
  const [revoking, setRevoking] = useState<APIKey | null>(null);
  const keys = useInfiniteQuery({
    queryKey: [...keysKey, whose],
    queryFn: ({ pageParam, signal }) =>
      get<Items<APIKey>>(
        `api-keys?owner=${whose}${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`,
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
  const items = keys.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title={t('keys.title')}
      crumbs={<AccountCrumbs />}
      actions={
        <Button
          look="primary"
          aria-haspopup="dialog"
          onClick={() => {
            setCreating(true);
          }}
        >
          {t('keys.new')}
        </Button>
      }
    >
      <div className="stack">
        <p className="dim">{t('keys.lead')}</p>
        {mayManage && (
          <div>
            <WhoseChoice whose={whose} onChange={setWhose} />
          </div>
        )}
        {keys.isPending && <LoadingRows rows={3} height="5rem" />}
        {keys.error && (
          <ErrorNotice
            error={keys.error}
            onRetry={() => void (keys.data ? keys.fetchNextPage() : keys.refetch())}
            alert={false}
          />
        )}
        {keys.data && items.length === 0 && (
          <div className="card empty stretch">
            <h2>{t('keys.empty.title')}</h2>
            <p>{t('keys.empty')}</p>
          </div>
        )}
        {items.length > 0 && (
          <ul className="card flush rows">
            {items.map((key) => (
              <KeyRow key={key.id} item={key} all={whose === 'all'} onRevoke={setRevoking} />
            ))}
          </ul>
        )}
        {keys.hasNextPage && (
          <Button busy={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
            {keys.isFetchingNextPage ? t('loading') : t('keys.more')}
          </Button>
        )}
      </div>
      <Suspense>
        {creating && (
          <CreateKey
            onClose={() => {
              setCreating(false);
            }}
          />
        )}
      </Suspense>
      {revoking && (
        <RevokeKey
          item={revoking}
          onClose={() => {
            setRevoking(null);
          }}
        />
      )}
    </Page>
  );
}

function WhoseChoice({ whose, onChange }: { whose: Whose; onChange: (whose: Whose) => void }) {
  const choices: Whose[] = ['me', 'all'];
  return (
    <fieldset>
      <legend className="visually-hidden">{t('keys.whose')}</legend>
      <div className="segments">
        {choices.map((choice) => (
          <label key={choice}>
            <input
              type="radio"
              name="whose"
              checked={choice === whose}
              onChange={() => {
                onChange(choice);
              }}
            />
            <span className="segment">{t(`keys.whose.${choice}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface RowProps {
  item: APIKey;
  all: boolean;
  onRevoke: (item: APIKey) => void;
}

function KeyRow({ item, all, onRevoke }: RowProps) {
  const now = useNow(60_000);
  const expired = item.expires_at ? Date.parse(item.expires_at) <= now : false;
  return (
    <li>
      <div className="key-about">
        <p className="row">
          <b>{item.name}</b>
          <code>{item.prefix}…</code>
          {item.revoked_at ? (
            <span className="badge bad">{t('keys.revoked')}</span>
          ) : (
            expired && <span className="badge warn">{t('keys.expired')}</span>
          )}
        </p>
        <p className="dim small">
          {all && item.owner && <>{item.owner.name || item.owner.email} · </>}
          {item.last_used_at ? (
            <>
              {t('keys.used')} <Moment at={item.last_used_at} />
            </>
          ) : (
            t('keys.unused')
          )}{' '}
          · <Expiry item={item} expired={expired} /> · {t('keys.created')} <Moment at={item.created_at} />
        </p>
        <Permissions ids={item.permissions} />
      </div>
      {!item.revoked_at && (
        <Button
          aria-haspopup="dialog"
          aria-label={t('keys.revoke.of', { name: item.name })}
          onClick={() => {
            onRevoke(item);
          }}
        >
          {t('keys.revoke')}
        </Button>
      )}
    </li>
  );
}

function Expiry({ item, expired }: { item: APIKey; expired: boolean }) {
  if (!item.expires_at) return t('keys.expires.never');
  return (
    <span title={absolute(item.expires_at)}>
      {expired ? t('keys.expired.at') : t('keys.expires')} <Moment at={item.expires_at} />
    </span>
  );
}

function Permissions({ ids }: { ids: string[] }) {
  // Titles are for who may see roles; everybody else has the names.
  const mayRead = useMay('users.read');
  const known = useQuery({ ...permissionsQuery, enabled: mayRead }).data ?? [];
  return (
    <details className="alternative">
      <summary>{t('access.count', { count: ids.length })}</summary>
      <ul className="names small">
        {ids.map((id) => (
          <li key={id}>
            {known.find((one) => one.id === id)?.title} <span className="mono dim">{id}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
