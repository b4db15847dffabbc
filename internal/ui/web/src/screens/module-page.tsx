import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useParams } from '@tanstack/react-router';
import { Suspense, useEffect, useState } from 'react';
import { panelsQuery } from '../api/module-queries';
import { myModulesQuery } from '../api/queries';
import type { MyModule } from '../api/types';
import { lazyPart } from '../lazy';
import type { ModuleScriptProps } from '../modules/module-script';
import { Boundary } from '../parts/boundary';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows, Skeleton } from '../parts/skeleton';
import { useLastHeight } from '../panels/height';
import { Panel } from '../panels/panel';
import { ResourceLinks, useOnlyTable, useResourcesOf } from '../resource/links';
import { t } from '../strings';

const ModuleScript = lazyPart<ModuleScriptProps>(() => import('../modules/module-script'), 'ModuleScript');
const patienceMs = 3_000;

/** A module's own page: its script, if it ships one, and its panels. */
export function ModulePage() {
  const { id = '' } = useParams({ strict: false });
  const modules = useQuery(myModulesQuery);
  const module = modules.data?.find((one) => one.id === id);
  if (modules.isPending) {
    return (
      <Page title={id}>
        <LoadingRows rows={2} height="9rem" />
      </Page>
    );
  }
  if (!modules.data) {
    return (
      <Page title={id}>
        <ErrorNotice error={modules.error} onRetry={() => void modules.refetch()} alert={false} />
      </Page>
    );
  }
  return module ? <Present key={id} module={module} /> : <Absent id={id} />;
}

function Present({ module }: { module: MyModule }) {
  const { id, title, script } = module;
  const panels = useQuery(panelsQuery);
  const own = panels.data?.filter((panel) => panel.module === id) ?? [];
  const resources = useResourcesOf(id);
  const only = useOnlyTable(module);
  const { attach, last, onFilled } = useLastHeight(`script ${id}`);
  // Panels below a script whose height is not known yet wait for it, though not for long.
  const height = last > 0 ? `${String(last)}px` : '14rem';
  const [settled, setSettled] = useState(!script || last > 0);
  useEffect(() => {
    const timer = setTimeout(setSettled, patienceMs, true);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  if (only) return <Navigate to="/m/$id/r/$resource" params={{ id, resource: only.name }} replace />;
  return (
    <Page
      title={title}
      actions={
        module.settings && (
          <Link className="button" to="/modules/$id/settings" params={{ id }}>
            {t('settings')}
          </Link>
        )
      }
    >
      <div className="stack">
        {resources.length > 0 && <ResourceLinks resources={resources} />}
        {script && (
          <div className="stretch" ref={attach}>
            <Boundary resetKey={script}>
              <Suspense fallback={<Skeleton height={height} />}>
                <ModuleScript
                  id={id}
                  title={title}
                  script={script}
                  height={height}
                  onSettled={() => {
                    onFilled();
                    setSettled(true);
                  }}
                />
              </Suspense>
            </Boundary>
          </div>
        )}
        {panels.isPending && <LoadingRows rows={2} height="9rem" />}
        {panels.error && !panels.data && (
          <ErrorNotice error={panels.error} onRetry={() => void panels.refetch()} alert={false} />
        )}
        {own.length > 0 && (
          <div className="grid" hidden={!settled}>
            <h2 className="visually-hidden">{t('panels')}</h2>
            {own.map((panel) => (
              <Panel key={panel.id} panel={panel} />
            ))}
          </div>
        )}
        {panels.data && own.length === 0 && !script && resources.length === 0 && (
          <div className="card empty">
            <h2>{t('module.bare.title')}</h2>
            <p>{t('module.bare')}</p>
          </div>
        )}
      </div>
    </Page>
  );
}

function Absent({ id }: { id: string }) {
  return (
    <Page title={t('module.absent.title')}>
      <div className="stack">
        <p>{t('module.absent', { id })}</p>
        <Link className="button" to="/modules">
          {t('module.absent.action')}
        </Link>
      </div>
    </Page>
  );
}
