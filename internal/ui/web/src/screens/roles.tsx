import { Page } from '../parts/page';
import { t } from '../strings';

/** Roles. */
export function Roles() {
  return <Page title={t('roles.title')}>{null}</Page>;
}

/** Role. */
export function Role() {
  return <Page title={t('roles.title')}>{null}</Page>;
}
