import { Suspense } from 'react';
import type { TimeseriesData } from '../api/types';
import { number } from '../format';
import { lazyPart } from '../lazy';
import { Field } from '../parts/field';
import { Skeleton } from '../parts/skeleton';
import { t } from '../strings';
import { useAddress } from '../system/address';
import { DataTable } from '../parts/data-table';
import { costWords } from './money';
import { span } from './providers';
import type { UsageLine, UsageReport } from './types';
import { groups, ranges, spendCurve, tokenCurves, type Group } from './usage';
import { Who } from './who';

const Timeseries = lazyPart<{ title: string; data: TimeseriesData; daily?: boolean }>(
  () => import('../panels/timeseries'),
  'Timeseries',
);

/** For how many days back, and by what; the address has both. */
export function useUsageChoice(): { days: number; by: Group } {
  const [address] = useAddress();
  const days = ranges.find((one) => rangeText(one) === address['range']) ?? ranges[0];
  const by = groups.find((one) => one === address['by']) ?? groups[0];
  return { days, by };
}

/** A range as addresses have it; the router would put a plain number in quotes. */
function rangeText(days: number): string {
  return `${String(days)}d`;
}

/** The choice of the days. */
export function DaysChoice({ days }: { days: number }) {
  const [, setAddress] = useAddress();
  return (
    <div className="ranges" role="radiogroup" aria-label={t('ai.usage.range')}>
      {ranges.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="days"
            checked={one === days}
            onChange={() => {
              setAddress({ range: one === ranges[0] ? '' : rangeText(one) });
            }}
          />
          {t('ai.usage.days', { count: one })}
        </label>
      ))}
    </div>
  );
}

interface CurvesProps {
  report: UsageReport;
  from: string;
  to: string;
}

/** Money and tokens by day. */
export function UsageCurves({ report, from, to }: CurvesProps) {
  return (
    <div className="grid">
      <Curve title={t('ai.usage.spend')} data={spendCurve(report, from, to)} />
      <Curve title={t('ai.usage.tokens')} data={tokenCurves(report, from, to)} />
    </div>
  );
}

function Curve({ title, data }: { title: string; data: TimeseriesData }) {
  return (
    <section className="card panel timeseries w2" aria-label={title}>
      <div className="panel-head">
        <h3>{title}</h3>
      </div>
      <div className="panel-body">
        <Suspense fallback={<Skeleton height="18.25rem" />}>
          <Timeseries title={title} data={data} daily />
        </Suspense>
      </div>
    </section>
  );
}

/** The same by whatever else was chosen. */
export function UsageTable({ by, report, busy }: { by: Group; report: UsageReport; busy: boolean }) {
  const [, setAddress] = useAddress();
  return (
    <div className="stack close" aria-busy={busy}>
      <Field label={t('ai.usage.by')}>
        {(wiring) => (
          <select
            {...wiring}
            className="input"
            value={by}
            onChange={(event) => {
              setAddress({ by: event.target.value === groups[0] ? '' : event.target.value });
            }}
          >
            {groups.map((one) => (
              <option key={one} value={one}>
                {t(`ai.by.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <DataTable
        title={`${t('ai.usage')}: ${t(`ai.by.${by}`)}`}
        numbers={1}
        heads={[
          t(`ai.by.${by}`),
          t('ai.stat.requests'),
          t('ai.col.errors'),
          t('ai.col.cached'),
          t('ai.col.tokens'),
          t('ai.col.cost'),
          t('ai.col.half'),
          t('ai.col.most'),
        ]}
      >
        {report.items.map((line) => (
          <Line key={line.key} by={by} line={line} />
        ))}
      </DataTable>
    </div>
  );
}

function Line({ by, line }: { by: Group; line: UsageLine }) {
  const cell = (title: string, text: string) => (
    <td role="cell" className="end" data-title={title}>
      {text}
    </td>
  );
  const took = (ms: number) => (ms > 0 ? span(ms) : '–');
  return (
    <tr role="row">
      <td role="cell" className="first">
        {line.key === '' ? (
          <span className="dim">{t('ai.usage.empty')}</span>
        ) : by === 'user' ? (
          <Who id={line.key} />
        ) : (
          line.key
        )}
      </td>
      {cell(t('ai.stat.requests'), number(line.requests))}
      {cell(t('ai.col.errors'), number(line.errors))}
      {cell(t('ai.col.cached'), number(line.cached))}
      {cell(t('ai.col.tokens'), `${number(line.input)} + ${number(line.output)}`)}
      {cell(t('ai.col.cost'), costWords(line.cost))}
      {cell(t('ai.col.half'), took(line.p50_ms))}
      {cell(t('ai.col.most'), took(line.p95_ms))}
    </tr>
  );
}
