import { Page } from '../parts/page';
import { t } from '../strings';

/** Gallery. */
export function Gallery() {
  return <Page title={t('overview')}>{null}</Page>;
}
