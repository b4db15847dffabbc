import type { StatData } from '../api/types';
import { measure, number, percentSign } from '../format';
import { t } from '../strings';
import { Spark } from './spark';

/** One number, large; how it changed, and its recent course. */
export function Stat({ data, unit }: { data: StatData; unit?: string | undefined }) {
  const shown = data.text ? { value: data.text, unit: '' } : measure(data.value, data.unit ?? unit);
  return (
    <>
      <p className="stat-value">
        <span>
          {shown.value}
          {shown.unit === '%' && percentSign()}
          {shown.unit && shown.unit !== '%' && <span className="stat-unit">{` ${shown.unit}`}</span>}
        </span>
        {data.delta !== undefined && data.delta !== 0 && <Delta value={data.delta} good={data.delta_good} />}
      </p>
      {data.note && <p className="small dim">{data.note}</p>}
      {data.spark && data.spark.length > 1 && <Spark values={data.spark} />}
    </>
  );
}

function Delta({ value, good }: { value: number; good: string | undefined }) {
  const rising = value > 0;
  const judged = !good ? 'dim' : rising === (good === 'up') ? 'good' : 'bad';
  return (
    <span className={`delta ${judged}`}>
      <span aria-hidden="true">{rising ? '▲ ' : '▼ '}</span>
      <span className="visually-hidden">{rising ? t('stat.up') : t('stat.down')} </span>
      {number(Math.abs(value)) + percentSign()}
    </span>
  );
}
