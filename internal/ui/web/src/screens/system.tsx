import { useQuery } from '@tanstack/react-query';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { SystemNav } from '../system/nav';
import { systemQuery } from '../system/queries';
import { Status } from '../system/status';

/** What runs here, since when, and whether it is well. */
export function System() {
  const system = useQuery(systemQuery);
  return (
    <Page title={t('system.title')}>
      <div className="stack">
        <SystemNav />
        {system.isPending && <LoadingRows rows={3} height="7rem" />}
        {system.error && (
          <ErrorNotice error={system.error} onRetry={() => void system.refetch()} alert={false} />
        )}
        {system.data && <Status system={system.data} />}
      </div>
    </Page>
  );
}
