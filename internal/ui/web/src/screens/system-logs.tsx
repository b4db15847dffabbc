import { Page } from '../parts/page';
import { t } from '../strings';

/** SystemLogs. */
export function SystemLogs() {
  return <Page title={t('system.title')}>{null}</Page>;
}
