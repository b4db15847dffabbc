import { Page } from '../parts/page';
import { t } from '../strings';

/** SystemAPI. */
export function SystemAPI() {
  return <Page title={t('system.title')}>{null}</Page>;
}
