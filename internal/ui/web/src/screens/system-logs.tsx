import { Page } from '../parts/page';
import { t } from '../strings';
import { Logs } from '../system/logs';
import { SystemNav } from '../system/nav';

/** What the server says it does, as it does it. */
export function SystemLogs() {
  return (
    <Page title={t('logs')}>
      <div className="stack">
        <SystemNav />
        <Logs />
      </div>
    </Page>
  );
}
