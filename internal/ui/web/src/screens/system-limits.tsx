import { Page } from '../parts/page';
import { t } from '../strings';
import { Limits } from '../system/limits';
import { SystemNav } from '../system/nav';

/** How often callers may come, and who came too often. */
export function SystemLimits() {
  return (
    <Page title={t('limits')}>
      <div className="stack">
        <SystemNav />
        <Limits />
      </div>
    </Page>
  );
}
