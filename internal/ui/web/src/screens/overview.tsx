import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense, useRef, useState } from 'react';
import { useMay } from '../api/may';
import { myModulesQuery, panelsQuery } from '../api/queries';
import type { PanelMeta } from '../api/types';
import { lazyPart } from '../lazy';
import { Arranged } from '../layout/grid';
import { arrange, type Item } from '../layout/model';
import { layoutQuery } from '../layout/queries';
import { Boundary } from '../parts/boundary';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { Panel } from '../panels/panel';
import { t } from '../strings';

interface EditorProps {
  panels: PanelMeta[];
  titles: ReadonlyMap<string, string>;
  onDone: () => void;
}

const Editor = lazyPart<EditorProps>(() => import('../layout/editor'), 'Editor');
const none: Item[] = [];

/** Every panel the person may see: module by module, or as they or their role arranged them. */
export function Overview() {
  const panels = useQuery(panelsQuery);
  const layout = useQuery(layoutQuery);
  const modules = useQuery(myModulesQuery).data ?? [];
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const titles = new Map(modules.map((module) => [module.id, module.title]));
  // Without an answer about the layout the default one is better than none.
  const pending = panels.isPending || layout.isPending;
  const shown = pending ? undefined : panels.data;
  const items = layout.data?.items ?? none;
  const body = (all: PanelMeta[]) => {
    if (all.length === 0) return <Empty />;
    if (editing) {
      return (
        <Boundary>
          <Suspense fallback={<LoadingRows rows={3} height="9rem" />}>
            <Editor
              panels={all}
              titles={titles}
              onDone={() => {
                setEditing(false);
                requestAnimationFrame(() => button.current?.focus());
              }}
            />
          </Suspense>
        </Boundary>
      );
    }
    if (items.length > 0) return <Arranged tiles={arrange(all, items)} titles={titles} />;
    return <Sections panels={all} titles={titles} />;
  };
  return (
    <Page
      title={t('overview')}
      actions={
        !editing && (
          <Button
            ref={button}
            hidden={!shown?.length}
            onPointerEnter={() => void Editor.preload()}
            onClick={() => {
              setEditing(true);
            }}
          >
            {t('layout.edit')}
          </Button>
        )
      }
    >
      {pending && !panels.error && <LoadingRows rows={3} height="9rem" />}
      {panels.error && !panels.data && (
        <ErrorNotice error={panels.error} onRetry={() => void panels.refetch()} alert={false} />
      )}
      {shown && body(shown)}
    </Page>
  );
}

function Sections({ panels, titles }: { panels: PanelMeta[]; titles: ReadonlyMap<string, string> }) {
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
