import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../api/may';
import { moduleQuery } from '../api/module-queries';
import type { Instance, Module } from '../api/types';
import { ActionButtons } from '../modules/action-buttons';
import { HealthOrState, HealthText, healthOf } from '../modules/health';
import { StateBadge, stateName } from '../modules/state';
import { ModuleCrumbs } from '../modules/crumbs';
import { Moment } from '../parts/moment';
import { ErrorNotice, Notice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';

/** One module: its state here and on every instance, what it needs, what it may do, and what can be done with it. */
export function ModuleDetail() {
  const { id } = useParams({ from: '/shell/modules/$id' });
  const query = useQuery({ ...moduleQuery(id), refetchInterval: 10_000 });
  const module = query.data?.module;
  return (
    <Page
      title={module?.title ?? id}
      crumbs={<ModuleCrumbs />}
      actions={module && <Actions module={module} />}
    >
      {query.isPending && <LoadingRows rows={3} height="7rem" />}
      {query.error && !module && (
        <ErrorNotice error={query.error} onRetry={() => void query.refetch()} alert={false} />
      )}
      {module && <Detail module={module} />}
    </Page>
  );
}

function Actions({ module }: { module: Module }) {
  const mayConfigure = useMay('settings.read');
  return (
    <>
      {mayConfigure && module.capabilities.includes('settings') && (
        <Link className="button" to="/modules/$id/settings" params={{ id: module.id }}>
          {t('settings')}
        </Link>
      )}
      <ActionButtons module={module} all />
    </>
  );
}

function Detail({ module }: { module: Module }) {
  return (
    <div className="stack">
      {module.description && <p>{module.description}</p>}
      {module.failure && <Failed failure={module.failure} />}
      <section className="card">
        <dl className="facts">
          <Fact name={t('fact.state')}>
            <StateBadge state={module.state} />
          </Fact>
          <Fact name={t('fact.desired')}>{stateName(module.desired)}</Fact>
          <Fact name={t('fact.health')}>
            <HealthOrState state={module.state} health={healthOf(module)} />
          </Fact>
          <Fact name={t('fact.version')}>{module.version}</Fact>
          <Fact name={t('fact.installed')}>{module.installed_version || t('fact.none')}</Fact>
          <Fact name={t('fact.capabilities')}>{module.capabilities.join(', ') || t('fact.none')}</Fact>
        </dl>
      </section>
      <Instances instances={module.instances} />
      <Needs module={module} />
      {module.permissions.length > 0 && (
        <section className="stack">
          <h2>{t('permissions')}</h2>
          <ul className="card flush rows">
            {module.permissions.map((permission) => (
              <li key={permission.id}>
                <span>{permission.title}</span>
                <code>{permission.id}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Failed({ failure }: { failure: NonNullable<Module['failure']> }) {
  return (
    <Notice kind="bad" title={t('failure.title', { op: failure.operation, step: failure.step })}>
      <p>{failure.error}</p>
      <p className="small">
        {t('failure.attempt', { count: failure.attempt })} · <Moment at={failure.since} />
      </p>
      <p>{t('failure.next')}</p>
    </Notice>
  );
}

function Instances({ instances }: { instances: Instance[] }) {
  return (
    <section className="stack">
      <h2>{t('instances')}</h2>
      {instances.length === 0 ? (
        <p className="dim">{t('instances.none')}</p>
      ) : (
        <ul className="card flush rows">
          {instances.map((instance) => (
            <li key={instance.id}>
              <div>
                <p className="row">
                  <b>{instance.host || instance.id}</b>
                  {instance.current && <span className="badge plain accent">{t('instances.this')}</span>}
                  {!instance.live && <span className="badge plain">{t('instances.gone')}</span>}
                </p>
                <p className="dim small">
                  {t('modules.version', { version: instance.version })} · <Moment at={instance.since} />
                  {instance.health.panics > 0 && (
                    <> · {t('instances.panics', { count: instance.health.panics })}</>
                  )}
                  {instance.health.timeouts > 0 && (
                    <> · {t('instances.timeouts', { count: instance.health.timeouts })}</>
                  )}
                </p>
                {instance.blocked_by.length > 0 && (
                  <p className="small">{t('instances.blocked', { ids: instance.blocked_by.join(', ') })}</p>
                )}
                {instance.error && <p className="problem">{instance.error}</p>}
                {instance.health.detail && <p className="small">{instance.health.detail}</p>}
              </div>
              <div className="row">
                {instance.state === 'enabled' && <HealthText health={instance.health} />}
                <StateBadge state={instance.state} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Needs({ module }: { module: Module }) {
  if (module.requires.length === 0 && module.required_by.length === 0) return null;
  return (
    <section className="stack">
      <h2>{t('needs')}</h2>
      <ul className="card flush rows">
        {module.requires.map((need) => (
          <li key={need.id}>
            <span>
              <Link to="/modules/$id" params={{ id: need.id }}>
                {need.id}
              </Link>{' '}
              <span className="dim">
                {need.constraint} {need.optional && t('needs.optional')}
              </span>
            </span>
            <span className={`badge ${need.satisfied ? 'good' : need.optional ? '' : 'bad'}`}>
              {need.satisfied ? t('needs.met') : t('needs.unmet')}
            </span>
          </li>
        ))}
        {module.required_by.map((id) => (
          <li key={id}>
            <span>
              {t('needs.by')}{' '}
              <Link to="/modules/$id" params={{ id }}>
                {id}
              </Link>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
