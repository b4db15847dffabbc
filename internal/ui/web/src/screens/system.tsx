import { Page } from '../parts/page';
import { t } from '../strings';

/** System. */
export function System() {
  return <Page title={t('system.title')}>{null}</Page>;
}
