import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { APIError } from '../api/error';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { Skeleton } from '../parts/skeleton';
import { useStore } from '../store';
import { t } from '../strings';
import { actionsOf, BulkBar } from './bulk';
import { density } from './density';
import { FilterBar } from './filter-bar';
import { nextSort, parseSort, useListControl, type ListControl } from './list-state';
import { Pager } from './pager';
import { listQuery } from './queries';
import { SearchBox } from './search-box';
import { useSelection } from './selection';
import { ResourceTable, type Cells } from './table';
import type { Description, Item, ResourceField } from './types';

interface Props {
  about: Description;
  /** What the keys of its queries begin with, where more than the rows hangs on it. */
  root?: readonly unknown[];
  /** The link of an item around its name. */
  link?: (item: Item, label: string) => ReactNode;
  /** Cells that a screen shows in its own way, by field. */
  cells?: Cells;
  /** Titles of columns whose cells say more than their field, by field. */
  titles?: Record<string, string>;
  /** Said and offered when there is nothing at all. */
  empty?: ReactNode;
}

const noCells: Cells = {};

/** A resource's rows: searched, filtered, sorted and paged by the server, one request a page. */
export function ResourceList({ about, root, link, cells = noCells, titles, empty }: Props) {
  const control = useListControl();
  const { state, change } = control;
  const list = useQuery(listQuery(about, state, root));
  const selection = useSelection(about, JSON.stringify([about.path, state.q, state.filter]));
  const compact = useStore(density) === 'compact';
  const columns = columnsOf(about);
  const selectable = actionsOf(about).length > 0;
  const sort = state.sort || (about.default_sort ?? '');
  const items = list.data?.items ?? [];
  const narrowed = state.q !== '' || state.filter !== '';
  return (
    <div className={`card flush data stretch${compact ? ' compact' : ''}`}>
      <Toolbar about={about} control={control} columns={columns} sort={sort} />
      {list.error && <Failed error={list.error} control={control} onRetry={() => void list.refetch()} />}
      {list.isPending && !list.error && <LoadingTable />}
      {list.data && !list.error && items.length === 0 && (
        <div className="empty">
          <h2>{narrowed ? t('resource.none.title') : t('resource.empty.title')}</h2>
          {narrowed ? <p>{t('resource.none')}</p> : (empty ?? <p>{t('resource.empty')}</p>)}
          {(narrowed || state.cursor !== '') && (
            <Button
              onClick={() => {
                change({ q: '', filter: '' });
              }}
            >
              {t('resource.all')}
            </Button>
          )}
        </div>
      )}
      {list.data && !list.error && items.length > 0 && (
        <ResourceTable
          about={about}
          columns={columns.map((field) => ({ ...field, title: titles?.[field.name] ?? field.title }))}
          items={items}
          cells={cells}
          sort={sort}
          onSort={(name, add) => {
            change({ sort: nextSort(state.sort, about.default_sort ?? '', name, add) });
          }}
          link={link}
          selected={selectable ? selection.items : null}
          onSelect={selection.set}
          busy={list.isPlaceholderData}
        />
      )}
      {selectable && selection.items.size > 0 && <BulkBar about={about} selection={selection} />}
      {list.data && !list.error && (items.length > 0 || state.cursor !== '') && (
        <Pager
          control={control}
          next={list.data.next_cursor}
          rows={items.length}
          busy={list.isPlaceholderData}
        />
      )}
    </div>
  );
}

/** The columns of the table: the item's name first. An id says nothing to people; it is on the item's page. */
export function columnsOf(about: Description): ResourceField[] {
  const shown = about.fields.filter(
    (field) => field.list && !(field.name === about.key && field.name === 'id'),
  );
  const label = about.fields.filter((field) => field.name === about.label);
  return [...label, ...shown.filter((field) => field.name !== about.label)];
}

interface ToolbarProps {
  about: Description;
  control: ListControl;
  columns: ResourceField[];
  sort: string;
}

function Toolbar({ about, control, columns, sort }: ToolbarProps) {
  const { state, change } = control;
  return (
    <div className="toolbar">
      {about.search && (
        <SearchBox
          value={state.q}
          hint={about.search_hint ?? ''}
          label={t('resource.search', { title: about.title })}
          onChange={(q) => {
            change({ q }, { replace: true });
          }}
        />
      )}
      <SortChoice
        columns={columns}
        sort={sort}
        onChange={(next) => {
          change({ sort: next });
        }}
      />
      {about.fields.some((field) => field.filter) && (
        <FilterBar
          fields={[...new Set([...columns, ...about.fields])]}
          filter={state.filter}
          onChange={(filter) => {
            change({ filter });
          }}
        />
      )}
    </div>
  );
}

interface SortChoiceProps {
  columns: ResourceField[];
  sort: string;
  onChange: (sort: string) => void;
}

/** The order as a choice, for where the table has no heads to press. */
function SortChoice({ columns, sort, onChange }: SortChoiceProps) {
  const sortable = columns.filter((field) => field.sort);
  if (sortable.length === 0) return null;
  const [first] = parseSort(sort);
  return (
    <label className="sort-choice">
      <span className="visually-hidden">{t('resource.sort')}</span>
      <select
        className="input"
        value={first ? (first.descending ? '-' : '') + first.name : ''}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      >
        <option value="">{t('resource.sort.usual')}</option>
        {sortable.map((field) => [
          <option key={field.name} value={field.name}>
            {t('resource.sort.up', { title: field.title })}
          </option>,
          <option key={'-' + field.name} value={'-' + field.name}>
            {t('resource.sort.down', { title: field.title })}
          </option>,
        ])}
      </select>
    </label>
  );
}

interface FailedProps {
  error: Error;
  control: ListControl;
  onRetry: () => void;
}

/** A page that did not come. What the address asks for wrongly is said, with a way back to what works. */
function Failed({ error, control, onRetry }: FailedProps) {
  const refused = error instanceof APIError && (error.status === 400 || error.status === 422);
  const { state } = control;
  if (!refused) return <ErrorNotice error={error} onRetry={onRetry} alert={false} />;
  return (
    <div className="stack pad">
      <ErrorNotice error={error} />
      <div className="row">
        {state.cursor !== '' && <Button onClick={control.first}>{t('resource.first')}</Button>}
        <Button
          onClick={() => {
            control.change({ filter: '', sort: '', q: '' });
          }}
        >
          {t('resource.reset')}
        </Button>
      </div>
    </div>
  );
}

function LoadingTable() {
  return (
    <div className="stack pad" role="status" aria-label={t('loading')}>
      {Array.from({ length: 10 }, (_, row) => (
        <Skeleton key={row} height="1.75rem" />
      ))}
    </div>
  );
}
