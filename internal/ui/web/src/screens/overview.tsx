import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMay } from '../api/may';
import { myModulesQuery, panelsQuery } from '../api/queries';
import type { PanelMeta } from '../api/types';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { Panel } from '../panels/panel';
import { t } from '../strings';

/** Every panel the person may see, module by module. */
export function Overview() {
  const panels = useQuery(panelsQuery);
  return (
    <Page title={t('overview')}>
      {panels.isPending && <LoadingRows rows={3} height="9rem" />}
      {panels.error && !panels.data && (
        <ErrorNotice error={panels.error} onRetry={() => void panels.refetch()} alert={false} />
      )}
      {panels.data && (panels.data.length > 0 ? <Sections panels={panels.data} /> : <Empty />)}
    </Page>
  );
}

function Sections({ panels }: { panels: PanelMeta[] }) {
  const titles = new Map((useQuery(myModulesQuery).data ?? []).map((module) => [module.id, module.title]));
  const ids = [...new Set(panels.map((panel) => panel.module))];
  return ids.map((id) => (
    <section key={id} aria-labelledby={`module-${id}`} data-module={id}>
      <div className="section-head">
        <h2 id={`module-${id}`}>{titles.get(id) ?? id}</h2>
        <Link to="/m/$id" params={{ id }}>
          {t('overview.open')}
          <span className="visually-hidden"> {titles.get(id) ?? id}</span>
        </Link>
      </div>
      <div className="grid">
        {panels
          .filter((panel) => panel.module === id)
          .map((panel) => (
            <Panel key={panel.id} panel={panel} />
          ))}
      </div>
    </section>
  ));
}

function Empty() {
  const mayModules = useMay('modules.read');
  return (
    <div className="card empty">
      <h2>{t('overview.empty.title')}</h2>
      <p>{t('overview.empty')}</p>
      {mayModules && (
        <Link className="button" to="/modules">
          {t('overview.empty.action')}
        </Link>
      )}
    </div>
  );
}
