import { Link } from '@tanstack/react-router';
import { Page } from '../parts/page';
import { t } from '../strings';

/** Shown for an address that names no screen. */
export function Lost() {
  return (
    <Page title={t('lost.title')}>
      <p>{t('lost')}</p>
      <p>
        <Link to="/">{t('lost.home')}</Link>
      </p>
    </Page>
  );
}
