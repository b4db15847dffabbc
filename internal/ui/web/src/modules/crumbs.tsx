import { Link } from '@tanstack/react-router';
import { t } from '../strings';

interface Props {
  id?: string;
  title?: string;
}

/** The way back up from a module's administration. */
export function ModuleCrumbs({ id, title }: Props) {
  return (
    <nav className="crumbs" aria-label={t('crumbs')}>
      <Link to="/modules">{t('nav.modules')}</Link>
      {id && (
        <>
          <span aria-hidden="true"> / </span>
          <Link to="/modules/$id" params={{ id }}>
            {title ?? id}
          </Link>
        </>
      )}
    </nav>
  );
}
