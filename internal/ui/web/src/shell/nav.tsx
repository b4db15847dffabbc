import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMay } from '../api/may';
import { myModulesQuery } from '../api/queries';
import { t } from '../strings';

/** The list of screens and of the modules this person may open. */
export function Nav() {
  const modules = useQuery(myModulesQuery).data ?? [];
  const mayModules = useMay('modules.read');
  const mayAudit = useMay('audit.read');
  return (
    <>
      <ul className="nav-list">
        <li>
          <Link to="/" activeOptions={{ exact: true }}>
            {t('overview')}
          </Link>
        </li>
      </ul>
      {modules.length > 0 && <p className="nav-title">{t('modules')}</p>}
      <ul className="nav-list" hidden={modules.length === 0}>
        {modules.map((module) => (
          <li key={module.id}>
            <Link to="/m/$id" params={{ id: module.id }}>
              {module.title}
            </Link>
          </li>
        ))}
      </ul>
      {(mayModules || mayAudit) && <p className="nav-title">{t('nav.manage')}</p>}
      <ul className="nav-list" hidden={!mayModules && !mayAudit}>
        {mayModules && (
          <li>
            <Link to="/modules">{t('nav.modules')}</Link>
          </li>
        )}
        {mayAudit && (
          <li>
            <Link to="/audit">{t('audit')}</Link>
          </li>
        )}
      </ul>
    </>
  );
}
