import { Link } from '@tanstack/react-router';
import { useMay } from '../api/may';
import { Tabs } from '../parts/tabs';
import { t } from '../strings';

/** The way between the screens of the system. */
export function SystemNav() {
  const maySystem = useMay('system.read');
  const mayLimits = useMay('limits.read');
  const mayAPI = useMay('api.read');
  return (
    <Tabs label={t('system.nav')}>
      {maySystem && (
        <>
          <Link to="/system" activeOptions={{ exact: true, includeSearch: false }}>
            {t('system.status')}
          </Link>
          <Link to="/system/jobs" activeOptions={{ includeSearch: false }}>
            {t('jobs')}
          </Link>
          <Link to="/system/logs" activeOptions={{ includeSearch: false }}>
            {t('logs')}
          </Link>
        </>
      )}
      {mayLimits && (
        <Link to="/system/limits" activeOptions={{ includeSearch: false }}>
          {t('limits')}
        </Link>
      )}
      {mayAPI && (
        <Link to="/system/api" activeOptions={{ includeSearch: false }}>
          {t('docs')}
        </Link>
      )}
    </Tabs>
  );
}
