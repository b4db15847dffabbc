import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMay } from '../api/may';
import { modulesQuery } from '../api/module-queries';
import type { Module } from '../api/types';
import { ActionButtons } from '../modules/action-buttons';
import { HealthText, healthOf } from '../modules/health';
import { StateBadge } from '../modules/state';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';

/** All modules this server knows, what state they are in, and the next thing to do with each. */
export function Modules() {
  const modules = useQuery({ ...modulesQuery, refetchInterval: 10_000 });
  return (
    <Page title={t('nav.modules')}>
      {modules.isPending && <LoadingRows rows={4} height="4.5rem" />}
      {modules.error && !modules.data && (
        <ErrorNotice error={modules.error} onRetry={() => void modules.refetch()} alert={false} />
      )}
      {modules.data?.length === 0 && (
        <div className="card empty">
          <h2>{t('modules.empty.title')}</h2>
          <p>{t('modules.empty')}</p>
        </div>
      )}
      {modules.data && modules.data.length > 0 && (
        <ul className="card flush rows">
          {modules.data.map((module) => (
            <Row key={module.id} module={module} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ module }: { module: Module }) {
  const health = healthOf(module);
  const mayConfigure = useMay('settings.read');
  return (
    <li data-module={module.id} data-state={module.state}>
      <div className="module-about">
        <p className="row">
          <Link className="module-name" to="/modules/$id" params={{ id: module.id }}>
            {module.title}
          </Link>
          <StateBadge state={module.state} />
          {health.status === 'failing' && <HealthText health={health} />}
        </p>
        {module.description && <p>{module.description}</p>}
        <p className="dim small">
          <Version module={module} /> · {t('modules.instances', { count: live(module) })}
          {module.requires.length > 0 && (
            <> · {t('modules.requires', { ids: module.requires.map((need) => need.id).join(', ') })}</>
          )}
        </p>
        {module.failure && <p className="problem">{t('modules.failed', { error: module.failure.error })}</p>}
      </div>
      <div className="row">
        {mayConfigure && module.capabilities.includes('settings') && (
          <Link className="button bare" to="/modules/$id/settings" params={{ id: module.id }}>
            {t('settings')}
            <span className="visually-hidden"> {module.title}</span>
          </Link>
        )}
        <ActionButtons module={module} all={false} />
      </div>
    </li>
  );
}

function live(module: Module): number {
  return module.instances.filter((instance) => instance.live).length;
}

function Version({ module }: { module: Module }) {
  const { version, installed_version: installed } = module;
  if (!installed || installed === version) return t('modules.version', { version });
  return t('modules.version.other', { version, installed });
}
