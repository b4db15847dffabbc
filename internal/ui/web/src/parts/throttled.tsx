import { waitWords, type APIError } from '../api/error';
import { t } from '../strings';
import { Notice } from './notice';
import { useNow } from './now';

/** Says how long to wait after too many requests, counting down. */
export function Throttled({ error }: { error: APIError }) {
  const left = Math.ceil(error.retryAfter - (useNow(1_000) - error.at) / 1000);
  return (
    <Notice kind="warn" title={t('error.busy.title')} alert>
      {/* The count is for the eye; it would be read out every second. */}
      <p aria-live="off">{left > 0 ? waitWords(left) : t('error.busy.over')}</p>
    </Notice>
  );
}
