import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMay } from '../api/may';
import { myModulesQuery } from '../api/queries';
import { t } from '../strings';

/** The list of screens and of the modules this person may open. */
export function Nav() {
  const mine = useQuery(myModulesQuery);
  const modules = mine.data ?? [];
  const mayUsers = useMay('users.read');
  const maySystem = useMay('system.read');
  const mayLimits = useMay('limits.read');
  const mayModels = useMay('ai.read');
  const mayAsk = useMay('ai.use');
  const manage = [
    { to: '/modules', title: t('nav.modules'), may: useMay('modules.read') },
    { to: '/users', title: t('nav.users'), may: mayUsers },
    { to: '/roles', title: t('nav.roles'), may: mayUsers },
    { to: '/flags', title: t('nav.flags'), may: useMay('flags.read') },
    { to: mayModels ? '/ai' : '/ai/try', title: t('nav.ai'), may: mayModels || mayAsk },
    { to: '/audit', title: t('audit'), may: useMay('audit.read') },
    {
      to: maySystem ? '/system' : '/system/limits',
      title: t('nav.system'),
      may: maySystem || mayLimits,
    },
    // What stands below the modules comes with them, and so stays where it is.
  ].filter((screen) => screen.may && !mine.isPending);
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
      {manage.length > 0 && <p className="nav-title">{t('nav.manage')}</p>}
      <ul className="nav-list" hidden={manage.length === 0}>
        {manage.map(({ to, title }) => (
          <li key={to}>
            <Link to={to}>{title}</Link>
          </li>
        ))}
      </ul>
    </>
  );
}
