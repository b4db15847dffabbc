import { useQuery } from '@tanstack/react-query';
import type { Limit, RefusedCaller } from '../api/types';
import { number } from '../format';
import { Button } from '../parts/button';
import { Moment } from '../parts/moment';
import { useNow } from '../parts/now';
import { LoadingRows } from '../parts/skeleton';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import type { Edited } from './limit-edit';
import { refusedQuery } from './limit-queries';
import { limitTitle } from './limit-title';
import { DataTable } from '../parts/data-table';

interface Props {
  limits: Limit[];
  /** Absent: this person may not. */
  onGive: ((edited: Edited) => void) | undefined;
}

/** Who is being limited now, live. */
export function RefusedCallers({ limits, onGive }: Props) {
  const refused = useQuery(refusedQuery);
  return (
    <section className="stack">
      <h2>{t('limits.refused')}</h2>
      {refused.isPending && <LoadingRows rows={2} height="3rem" />}
      {refused.error && <Refused error={refused.error} />}
      {refused.data?.length === 0 && (
        <div className="card empty stretch">
          <h3>{t('limits.refused.none.title')}</h3>
          <p>{t('limits.refused.none')}</p>
        </div>
      )}
      {refused.data && refused.data.length > 0 && (
        <DataTable
          title={t('limits.refused')}
          heads={[
            t('limits.refused.who'),
            t('limits.limit'),
            t('limits.refused.count'),
            t('limits.refused.last'),
            t('limits.refused.until'),
            ...(onGive ? [t('limits.actions')] : []),
          ]}
        >
          {refused.data.map((one) => (
            <Line
              key={`${one.limit} ${one.key}`}
              one={one}
              limit={limits.find(({ name }) => name === one.limit)}
              onGive={onGive}
            />
          ))}
        </DataTable>
      )}
    </section>
  );
}

interface LineProps {
  one: RefusedCaller;
  limit: Limit | undefined;
  onGive: Props['onGive'];
}

function Line({ one, limit, onGive }: LineProps) {
  const { key, who, limit: name } = one;
  const own = limit?.overrides.some((override) => override.key === key);
  return (
    <tr role="row" data-key={key}>
      <td role="cell" className="first">
        <b>{who || key}</b>
        {who && who !== key && <p className="mono small dim">{key}</p>}
      </td>
      <td role="cell" data-title={t('limits.limit')} title={limit && limitTitle(limit)}>
        <code>{name}</code>
      </td>
      <td role="cell" data-title={t('limits.refused.count')}>
        <span className="num">{number(one.count)}</span>
      </td>
      <td role="cell" data-title={t('limits.refused.last')}>
        <Moment at={one.last_at} />
      </td>
      <td role="cell" data-title={t('limits.refused.until')}>
        <Until at={one.until} />
      </td>
      {onGive && (
        <td role="cell" data-title={t('limits.actions')}>
          <Button
            aria-haspopup="dialog"
            aria-label={own ? t('limits.own.change.of', { name, who }) : t('limits.own.give.of', { who })}
            onClick={() => {
              onGive({ name, key, who });
            }}
          >
            {own ? t('limits.change') : t('limits.own.give')}
          </Button>
        </td>
      )}
    </tr>
  );
}

function Until({ at }: { at: string | undefined }) {
  const now = useNow(1_000);
  if (!at) return <span className="badge bad">{t('limits.refused.never')}</span>;
  if (Date.parse(at) <= now) return <span className="badge good">{t('limits.refused.over')}</span>;
  return <Moment at={at} />;
}
