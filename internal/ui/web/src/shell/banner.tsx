import { reachable } from '../api/connection';
import { AlertIcon } from '../parts/icon';
import { useStore } from '../store';
import { t } from '../strings';

/** Says that what the page shows may be old, for as long as the server gives no answer. */
export function Banner() {
  const ok = useStore(reachable);
  return (
    <div role="status" className={ok ? undefined : 'banner'}>
      {!ok && (
        <>
          <AlertIcon />
          <p>{navigator.onLine ? t('banner.unreachable') : t('banner.offline')}</p>
        </>
      )}
    </div>
  );
}
