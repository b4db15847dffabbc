import { Page } from '../parts/page';
import { t } from '../strings';

/** Users. */
export function Users() {
  return <Page title={t('users.title')}>{null}</Page>;
}

/** User. */
export function User() {
  return <Page title={t('users.title')}>{null}</Page>;
}
