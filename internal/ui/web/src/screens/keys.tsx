import { Page } from '../parts/page';
import { t } from '../strings';

/** Keys. */
export function Keys() {
  return <Page title={t('keys.title')}>{null}</Page>;
}
