import type { BarData } from '../api/types';
import { measured } from '../format';
import { t } from '../strings';

/** Labeled values as bars; the value stands beside its bar, so nothing depends on length or hue. */
export function Bars({ data, unit }: { data: BarData; unit?: string | undefined }) {
  if (data.bars.length === 0) return <p className="empty">{t('panel.empty')}</p>;
  const shownUnit = data.unit ?? unit;
  const most = shownUnit === 'percent' ? 100 : Math.max(...data.bars.map((bar) => Math.abs(bar.value)), 0);
  return (
    <ul className="bars">
      {data.bars.map((bar, index) => (
        <li key={index}>
          <span className="label-text">{bar.label}</span>
          <span className="bar-track" aria-hidden="true">
            <span className="bar-fill" style={{ inlineSize: share(bar.value, bar.max || most) }} />
          </span>
          <b className="num">{measured(bar.value, shownUnit)}</b>
        </li>
      ))}
    </ul>
  );
}

function share(value: number, most: number): string {
  return most > 0 ? `${String(Math.min(100, (Math.abs(value) / most) * 100))}%` : '0';
}
