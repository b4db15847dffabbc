import { absolute, clock } from '../format';
import { t } from '../strings';

// As wide as any other.
const someTime = Date.UTC(2020, 11, 20, 20, 20, 20);

/** When a panel's data was true; marked when newer data could not be had. Without a time it keeps the place of one. */
export function AsOf({ at, stale }: { at: string; stale: boolean }) {
  if (at === '') {
    return (
      <span className="as-of" aria-hidden="true" style={{ visibility: 'hidden' }}>
        {t('panel.asof', { time: clock(someTime) })}
      </span>
    );
  }
  return (
    <time dateTime={at} title={absolute(at)} className={`as-of ${stale ? 'stale' : ''}`}>
      {stale ? t('panel.stale', { time: clock(at) }) : t('panel.asof', { time: clock(at) })}
    </time>
  );
}
