import { useCallback, useEffect, useId, useMemo, useState, useSyncExternalStore } from 'react';
import { number } from '../format';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { t } from '../strings';
import { useAddress } from './address';
import { LogFeed, type LogFilter } from './log-feed';
import { LogFilters } from './log-filters';
import { LogList } from './log-list';

/** The log, live: filters that live in the address, and a list that follows or stands still. */
export function Logs() {
  const [address, setAddress] = useAddress();
  const { level = '', module = '', request = '', q: text = '' } = address;
  const filter = useMemo(() => ({ level, module, request, text }), [level, module, request, text]);
  const showRequest = useCallback(
    (id: string) => {
      setAddress({ request: id, level: '', module: '', q: '' }, true);
    },
    [setAddress],
  );
  return (
    <>
      <LogFilters
        filter={filter}
        onChange={(next) => {
          const { text: q, ...others } = next;
          setAddress({ ...others, ...(q !== undefined && { q }) });
        }}
      />
      <Followed key={JSON.stringify(filter)} filter={filter} onRequest={showRequest} />
    </>
  );
}

interface Props {
  filter: LogFilter;
  onRequest: (id: string) => void;
}

function Followed({ filter, onRequest }: Props) {
  const [feed] = useState(() => new LogFeed(filter));
  // Where the list stands still; null while it follows.
  const [held, setHeld] = useState<number | null>(null);
  const list = useId();
  useEffect(() => feed.start(), [feed]);
  useSyncExternalStore(feed.subscribe, feed.version);
  useSyncExternalStore(feed.buffer.subscribe, feed.buffer.version);

  const { start, end } = feed.buffer;
  // What it stood at may be gone: dropped by a full buffer, or replaced after a gap.
  const at = held !== null && held > start ? held : null;
  const fresh = at === null ? 0 : end - at;
  const follow = () => {
    setHeld(null);
    document.getElementById(list)?.scrollTo({ top: 0 });
  };
  const hold = useCallback(() => {
    setHeld((before) => (before !== null && before > feed.buffer.start ? before : feed.buffer.end));
  }, [feed]);
  const more = useCallback(() => void feed.more(), [feed]);

  return (
    <section className="stack stretch logs" aria-label={t('logs')}>
      <div className="row log-bar stretch">
        <State feed={feed} paused={at !== null} />
        <span className="dim small num">{t('logs.count', { count: number(end - start) })}</span>
        {feed.dropped > 0 && <span className="small">{t('logs.dropped', { count: feed.dropped })}</span>}
        <span className="grow" />
        {fresh > 0 && (
          <Button look="bare" onClick={follow}>
            {t('logs.fresh', { count: fresh })}
          </Button>
        )}
        <Button onClick={at === null ? hold : follow}>
          {at === null ? t('logs.pause') : t('logs.follow')}
        </Button>
      </div>
      {feed.state === 'failed' ? (
        <ErrorNotice error={feed.error} onRetry={() => void feed.begin()} alert={false} />
      ) : feed.state === 'live' && end === start ? (
        <div className="card empty stretch">
          <h2>{t('logs.empty.title')}</h2>
          <p>{t('logs.empty')}</p>
        </div>
      ) : (
        <LogList
          id={list}
          buffer={feed.buffer}
          end={at ?? end}
          still={at !== null}
          busy={feed.state === 'loading'}
          older={feed.older !== 'idle' ? feed.older : feed.cursor && !feed.buffer.full ? 'more' : 'none'}
          onOlder={more}
          onHold={hold}
          onRequest={onRequest}
          request={filter.request}
        />
      )}
    </section>
  );
}

function State({ feed, paused }: { feed: LogFeed; paused: boolean }) {
  const lost = feed.state === 'lost' || feed.state === 'failed';
  const look = lost ? 'warn' : paused ? '' : feed.state === 'live' ? 'good' : '';
  return (
    <span role="status" className={`badge ${look}`}>
      {lost
        ? t('logs.lost')
        : paused
          ? t('logs.paused')
          : feed.state === 'live'
            ? t('logs.live')
            : t('loading')}
    </span>
  );
}
