import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { get } from '../api/client';
import type { Items } from '../api/types';
import { number } from '../format';
import { Field } from '../parts/field';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { useAddress } from '../system/address';
import { flagPath, flagsKey } from './queries';
import { share } from './share';
import type { Difference, Interval, Readout, VariantReadout } from './types';

const refreshMs = 10_000;

/** How the variants did on a metric, each within the interval that 95 of 100 such measurements hold. */
export function Experiment({ flag }: { flag: string }) {
  const [{ metric = '' }, setAddress] = useAddress();
  const metrics = useQuery({
    queryKey: [...flagsKey, 'metrics'],
    queryFn: async ({ signal }) => (await get<Items<string>>('flags/metrics', signal)).items,
  });
  const names = metrics.data ?? [];
  const chosen = metric || (names[0] ?? '');
  const readout = useQuery({
    queryKey: [...flagsKey, 'experiment', flag, chosen],
    queryFn: ({ signal }) =>
      get<Readout>(flagPath(flag, `/experiment?metric=${encodeURIComponent(chosen)}`), signal),
    enabled: metrics.data !== undefined,
    refetchInterval: refreshMs,
    // The choice keeps the focus while another metric comes.
    placeholderData: keepPreviousData,
  });
  const variants = readout.data?.variants ?? [];
  if (metrics.error && !metrics.data)
    return <ErrorNotice error={metrics.error} onRetry={() => void metrics.refetch()} alert={false} />;
  if (readout.isPending && !readout.error) return <LoadingRows rows={2} height="4rem" />;
  return (
    <div className="stack stretch">
      {names.length > 0 && (
        <Field label={t('flags.metric')}>
          {(wiring) => (
            <select
              className="input"
              {...wiring}
              value={chosen}
              onChange={(event) => {
                setAddress({ metric: event.target.value });
              }}
            >
              {[...new Set([...names, chosen])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      {metrics.data && names.length === 0 && <p className="dim">{t('flags.metric.none')}</p>}
      {readout.error && (
        <ErrorNotice error={readout.error} onRetry={() => void readout.refetch()} alert={false} />
      )}
      {readout.data && <Table readout={readout.data} variants={variants} measured={chosen !== ''} />}
      <p className="hint">{t('flags.experiment.about')}</p>
    </div>
  );
}

interface TableProps {
  readout: Readout;
  variants: VariantReadout[];
  /** A metric was chosen, so there is more than how often each was served. */
  measured: boolean;
}

function Table({ readout, variants, measured }: TableProps) {
  const most = Math.max(...variants.map((one) => one.rate_interval.high), 0.0001);
  const head = [
    t('flags.variant'),
    t('flags.exposures'),
    ...(measured ? [t('flags.rate'), t('flags.rate.diff'), t('flags.mean'), t('flags.mean.diff')] : []),
  ];
  return (
    <div className="card flush data stretch flag-experiment">
      <div className="table-scroll full" tabIndex={0} role="region" aria-label={t('flags.experiment')}>
        <table className="table data-table" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {head.map((title) => (
                <th key={title} scope="col" role="columnheader">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {variants.map((one) => (
              <tr key={one.variant} role="row">
                <td role="cell" className="first" data-title={t('flags.variant')}>
                  <b>{one.variant}</b>{' '}
                  {one.variant === readout.control && (
                    <span className="badge plain">{t('flags.control')}</span>
                  )}
                </td>
                <td role="cell" className="num" data-title={t('flags.exposures')}>
                  {number(one.exposures)}
                </td>
                {measured && <Measured one={one} most={most} />}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Measured({ one, most }: { one: VariantReadout; most: number }) {
  return (
    <>
      <td role="cell" className="num" data-title={t('flags.rate')}>
        {one.exposures > 0 ? (
          <span className="flag-rate">
            {share(one.rate)} <span className="dim">{range(one.rate_interval, share)}</span>
            <Whiskers interval={one.rate_interval} at={one.rate} most={most} />
          </span>
        ) : (
          '–'
        )}
      </td>
      <td role="cell" className="num" data-title={t('flags.rate.diff')}>
        <Apart difference={one.rate_difference} show={share} />
      </td>
      <td role="cell" className="num" data-title={t('flags.mean')}>
        {one.count > 0 ? (
          <>
            {number(one.mean)} <span className="dim">{range(one.interval, number)}</span>
          </>
        ) : (
          '–'
        )}
      </td>
      <td role="cell" className="num" data-title={t('flags.mean.diff')}>
        <Apart difference={one.difference} show={number} />
      </td>
    </>
  );
}

function range({ low, high }: Interval, show: (value: number) => string): string {
  return t('flags.interval', { low: show(low), high: show(high) });
}

interface ApartProps {
  difference: Difference | undefined;
  show: (value: number) => string;
}

function Apart({ difference, show }: ApartProps) {
  if (!difference) return '–';
  const sign = difference.value > 0 ? '+' : '';
  return (
    <>
      <b>{sign + show(difference.value)}</b> <span className="dim">{range(difference.interval, show)}</span>{' '}
      <span className={`badge ${difference.significant ? 'accent' : ''}`}>
        {difference.significant ? t('flags.significant') : t('flags.insignificant')}
      </span>
    </>
  );
}

/** The interval as a line with the value as a dot, on the scale of all variants. */
function Whiskers({ interval, at, most }: { interval: Interval; at: number; most: number }) {
  const place = (value: number) => `${String((value / most) * 100)}%`;
  return (
    <span className="flag-whiskers" aria-hidden="true">
      <i
        style={{
          insetInlineStart: place(interval.low),
          inlineSize: `calc(${place(interval.high)} - ${place(interval.low)})`,
        }}
      />
      <b style={{ insetInlineStart: place(at) }} />
    </span>
  );
}
