import { absolute, clock } from '../format';
import { t } from '../strings';

/** When a panel's data was true; marked when newer data could not be had. */
export function AsOf({ at, stale }: { at: string; stale: boolean }) {
  return (
    <time dateTime={at} title={absolute(at)} className={`as-of ${stale ? 'stale' : ''}`}>
      {stale ? t('panel.stale', { time: clock(at) }) : t('panel.asof', { time: clock(at) })}
    </time>
  );
}
