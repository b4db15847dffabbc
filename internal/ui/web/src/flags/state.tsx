import { t } from '../strings';
import type { FlagItem } from './types';

/** Whether a flag decides, serves one variant to all, or is off, with what is odd about it. */
export function FlagState({ flag }: { flag: Pick<FlagItem, 'enabled' | 'killed' | 'damaged'> }) {
  if (flag.damaged) return <span className="badge bad">{t('flags.damaged')}</span>;
  if (flag.killed) return <span className="badge bad">{t('flags.killed')}</span>;
  return flag.enabled ? (
    <span className="badge good">{t('flags.on')}</span>
  ) : (
    <span className="badge">{t('flags.off')}</span>
  );
}

/** That a flag could go, with why. */
export function StaleMark({ flag }: { flag: Pick<FlagItem, 'stale' | 'stale_why'> }) {
  return flag.stale ? (
    <span className="badge warn" title={flag.stale_why}>
      {t('flags.stale')}
    </span>
  ) : null;
}
