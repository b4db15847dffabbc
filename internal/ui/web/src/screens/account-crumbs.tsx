import { Link } from '@tanstack/react-router';
import { t } from '../strings';

/** The way back up to a person's account. */
export function AccountCrumbs() {
  return (
    <nav className="crumbs" aria-label={t('crumbs')}>
      <Link to="/account">{t('user.label')}</Link>
    </nav>
  );
}
