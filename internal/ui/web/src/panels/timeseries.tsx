import { useState } from 'react';
import type { TimeseriesData } from '../api/types';
import { absolute, clock, date, measured } from '../format';
import { t } from '../strings';
import { Chart, dashes } from './chart';

interface Props {
  title: string;
  unit?: string | undefined;
  data: TimeseriesData;
  /** A value is of a whole day. */
  daily?: boolean;
}

const tableRows = 60;

/** Curves over time, with a legend that tells the values under the pointer and a table that says the same. */
export function Timeseries({ title, unit, data, daily = false }: Props) {
  const [at, setAt] = useState<number | null>(null);
  if (data.times.length === 0) return <p className="empty">{t('panel.collecting')}</p>;
  const shownUnit = data.unit ?? unit;
  const index = at !== null && at < data.times.length ? at : data.times.length - 1;
  const value = (values: (number | null)[], position: number) => {
    const found = values[position];
    return found === null || found === undefined ? '–' : measured(found, shownUnit);
  };
  // Over days a time of day says too little.
  const long = (data.times.at(-1) ?? 0) - (data.times[0] ?? 0) > 86_400;
  const moment = (position: number) =>
    (daily ? date : long ? absolute : clock)((data.times[position] ?? 0) * 1000);
  const said = data.series
    .map((series) => `${series.name} ${value(series.values, data.times.length - 1)}`)
    .join(', ');
  return (
    <>
      <div className="curves">
        <Chart
          data={data}
          unit={shownUnit}
          daily={daily}
          label={t('chart.label', { title, values: said })}
          onPoint={setAt}
        />
        <ul className="legend">
          {data.series.map((series, position) => (
            <li key={series.name}>
              <svg width="22" height="8" viewBox="0 0 22 8" aria-hidden="true">
                <path
                  d="M0 4h22"
                  stroke={`var(--chart-${String((position % 8) + 1)})`}
                  strokeWidth="2.500"
                  strokeDasharray={dashes[position % dashes.length]?.join(' ')}
                />
              </svg>
              <span>{series.name}</span>
              <b>{value(series.values, index)}</b>
            </li>
          ))}
          {at !== null && <li className="dim num">{moment(index)}</li>}
        </ul>
      </div>
      <details className="alternative">
        <summary>{t('chart.table')}</summary>
        <div className="table-scroll" tabIndex={0} role="region" aria-label={t('panel.table', { title })}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t('chart.time')}</th>
                {data.series.map((series) => (
                  <th key={series.name} scope="col" className="end">
                    {series.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {newest(data.times).map((position) => (
                <tr key={position}>
                  <td className="time num" title={absolute((data.times[position] ?? 0) * 1000)}>
                    {moment(position)}
                  </td>
                  {data.series.map((series) => (
                    <td key={series.name} className="end">
                      {value(series.values, position)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function newest(times: number[]): number[] {
  return Array.from({ length: Math.min(times.length, tableRows) }, (_, back) => times.length - 1 - back);
}
