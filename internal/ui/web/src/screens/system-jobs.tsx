import { Page } from '../parts/page';
import { t } from '../strings';

/** SystemJobs. */
export function SystemJobs() {
  return <Page title={t('system.title')}>{null}</Page>;
}
