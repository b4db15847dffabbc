import { APIError } from '../api/error';
import { ErrorNotice } from '../parts/notice';
import { Throttled } from '../parts/throttled';

/** Why a change was not made. */
export function Refused({ error }: { error: Error }) {
  if (error instanceof APIError && error.status === 429) return <Throttled error={error} />;
  return <ErrorNotice error={error} />;
}
