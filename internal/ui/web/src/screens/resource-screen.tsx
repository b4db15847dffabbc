import { Page } from '../parts/page';
import { t } from '../strings';

/** ResourceList. */
export function ResourceList() {
  return <Page title={t('resource.title')}>{null}</Page>;
}

/** ResourceItem. */
export function ResourceItem() {
  return <Page title={t('resource.title')}>{null}</Page>;
}
