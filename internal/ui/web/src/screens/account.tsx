import { Page } from '../parts/page';
import { t } from '../strings';

/** Account. */
export function Account() {
  return <Page title={t('user.label')}>{null}</Page>;
}
