import { Page } from '../parts/page';
import { t } from '../strings';
import { Jobs } from '../system/jobs';
import { SystemNav } from '../system/nav';

/** What the modules do by a schedule. */
export function SystemJobs() {
  return (
    <Page title={t('jobs')}>
      <div className="stack">
        <SystemNav />
        <Jobs />
      </div>
    </Page>
  );
}
