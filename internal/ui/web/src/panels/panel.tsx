import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Suspense, useId, type ReactNode } from 'react';
import { APIError, tell } from '../api/error';
import { panelQuery } from '../api/module-queries';
import type {
  BarData,
  FormData,
  MarkdownData,
  PanelMeta,
  StatData,
  TableData,
  TimeseriesData,
} from '../api/types';
import { lazyPart } from '../lazy';
import { Boundary } from '../parts/boundary';
import { Button } from '../parts/button';
import { t } from '../strings';
import { AsOf } from './as-of';
import { Bars } from './bars';
import { Filled, useLastHeight } from './height';
import { Ranges, useRange } from './range';
import { Stat } from './stat';
import { DataTable } from './table';

const Timeseries = lazyPart<{ title: string; unit?: string | undefined; data: TimeseriesData }>(
  () => import('./timeseries'),
  'Timeseries',
);
const Markdown = lazyPart<{ source: string }>(() => import('./markdown'), 'Markdown');
const FormPanel = lazyPart<{ panel: PanelMeta; data: FormData }>(() => import('./form'), 'FormPanel');

/** The kinds whose data says from when it is. */
const dated = new Set(['timeseries', 'table', 'bar']);

interface Props {
  panel: PanelMeta;
  /** Its place in an arrangement, instead of the width it asks for. */
  size?: { width: number; height: number } | undefined;
  /** What stands above its title: whose it is, where panels of many modules stand together. */
  from?: ReactNode;
}

/** One panel of a module: its frame, its data when it comes, and what to say when it does not. */
export function Panel({ panel, size, from }: Props) {
  const heading = useId();
  const [range, setRange] = useRange(panel);
  const query = useQuery({
    ...panelQuery<Record<string, unknown>>(panel, range),
    // What is shown stays until the other range has come.
    placeholderData: keepPreviousData,
  });
  const width = Math.min(4, Math.max(1, size?.width ?? (panel.width || 1)));
  const rows = size ? `h${String(size.height)}` : '';
  const { attach, style, onFilled } = useLastHeight(`${panel.module}/${panel.id} ${String(width)} ${rows}`);
  const asOf = query.data?.['as_of'];
  return (
    <section
      ref={attach}
      style={style}
      className={`card panel ${panel.kind} w${String(width)} ${rows} ${panel.kind === 'table' ? 'flush' : ''}`}
      aria-labelledby={heading}
      aria-busy={query.isPending || query.isPlaceholderData}
      data-panel={`${panel.module}/${panel.id}`}
    >
      {from && <p className="panel-from">{from}</p>}
      <div className="panel-head">
        <h3 id={heading}>{panel.title}</h3>
        {typeof asOf === 'string' ? (
          <AsOf at={asOf} stale={query.isError} />
        ) : (
          query.isPending && dated.has(panel.kind) && <AsOf at="" stale={false} />
        )}
      </div>
      {panel.about && <p className="about">{panel.about}</p>}
      <Ranges panel={panel} range={range} onChange={setRange} />
      <div className="panel-body">
        {query.data === undefined ? (
          <Waiting error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Boundary resetKey={String(query.dataUpdatedAt)}>
            <Suspense fallback={waiting}>
              {body(panel, query.data)}
              <Filled onFilled={onFilled} />
            </Suspense>
          </Boundary>
        )}
      </div>
    </section>
  );
}

// As high as the kind's style sheet says.
const waiting = <span className="skeleton" aria-hidden="true" />;

function Waiting({ error, retry }: { error: Error | null; retry: () => void }) {
  if (!error) return waiting;
  return (
    <div className="stack">
      <p>{said(error)}</p>
      <Button onClick={retry}>{t('retry')}</Button>
    </div>
  );
}

function said(error: Error): string {
  if (error instanceof APIError && error.status >= 500 && error.status !== 503) return t('panel.failed');
  return tell(error).detail;
}

function body(panel: PanelMeta, data: unknown): ReactNode {
  switch (panel.kind) {
    case 'stat':
      return <Stat data={data as StatData} unit={panel.unit} />;
    case 'timeseries':
      return <Timeseries title={panel.title} unit={panel.unit} data={data as TimeseriesData} />;
    case 'table':
      return <DataTable title={panel.title} data={data as TableData} />;
    case 'bar':
      return <Bars data={data as BarData} unit={panel.unit} />;
    case 'markdown':
      return <Markdown source={(data as MarkdownData).markdown} />;
    case 'form':
      return <FormPanel panel={panel} data={data as FormData} />;
    default:
      // A kind from a newer server than this page.
      return <p className="dim">{t('panel.unknown')}</p>;
  }
}
