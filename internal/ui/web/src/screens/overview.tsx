import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { useMay } from '../api/may';
import { panelsQuery } from '../api/module-queries';
import { myModulesQuery } from '../api/queries';
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
import { useOpening } from '../shell/palette-opening';
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
  const [editing, setEditing] = useOpening('layout');
  const [edited, setEdited] = useState(false);
  // Without an answer about the layout the default one is better than none.
  const shown = layout.isPending ? undefined : panels.data;
  return (
    <Page
      title={t('overview')}
      actions={
        !editing &&
        shown &&
        shown.length > 0 && (
          // It comes back where the focus was lost with the last button of the editor.
          <Button
            autoFocus={edited}
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
      {!shown && !panels.error && <LoadingRows rows={3} height="9rem" />}
      {panels.error && !panels.data && (
        <ErrorNotice error={panels.error} onRetry={() => void panels.refetch()} alert={false} />
      )}
      {shown && (
        <Panels
          panels={shown}
          items={layout.data?.items ?? none}
          editing={editing}
          onDone={() => {
            setEdited(true);
            setEditing(false);
          }}
        />
      )}
    </Page>
  );
}

interface PanelsProps {
  panels: PanelMeta[];
  items: Item[];
  editing: boolean;
  onDone: () => void;
}

function Panels({ panels, items, editing, onDone }: PanelsProps) {
  const modules = useQuery(myModulesQuery).data ?? [];
  const titles = new Map(modules.map((module) => [module.id, module.title]));
  if (panels.length === 0) return <Empty />;
  if (editing) {
    return (
      <Boundary>
        <Suspense fallback={<LoadingRows rows={3} height="9rem" />}>
          <Editor panels={panels} titles={titles} onDone={onDone} />
        </Suspense>
      </Boundary>
    );
  }
  if (items.length > 0) return <Arranged tiles={arrange(panels, items)} titles={titles} />;
  return <Sections panels={panels} titles={titles} />;
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
