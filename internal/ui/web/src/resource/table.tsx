import { useEffect, useRef, type MouseEvent, type ReactNode } from 'react';
import { t } from '../strings';
import { parseSort } from './list-state';
import { keyOf, labelOf, type Description, type Item, type ResourceField } from './types';
import { isNumeric, valueOf } from './value';

/** How a screen shows a column otherwise than by its type. */
export type Cells = Record<string, (value: unknown, item: Item) => ReactNode>;

interface Props {
  about: Description;
  columns: ResourceField[];
  items: Item[];
  cells: Cells;
  sort: string;
  onSort: (name: string, add: boolean) => void;
  /** The link of an item around its name; without one, items have no page. */
  link?: ((item: Item, label: string) => ReactNode) | undefined;
  /** Keys of what is selected; null where there is nothing to do with a selection. */
  selected: ReadonlyMap<string, string> | null;
  onSelect: (items: Item[], selected: boolean) => void;
  busy: boolean;
}

/** The rows of one page. Where it is narrow, every row becomes a block of named values. */
export function ResourceTable({
  about,
  columns,
  items,
  cells,
  sort,
  onSort,
  link,
  selected,
  ...rest
}: Props) {
  const { onSelect, busy } = rest;
  return (
    // The display of the elements changes with the width, which would take their roles from some browsers.
    <div className="data-scroll" tabIndex={0} role="region" aria-label={about.title} aria-busy={busy}>
      <table className="table data-table" role="table">
        <thead role="rowgroup">
          <tr role="row">
            {selected && (
              <th scope="col" role="columnheader" className="pick">
                <PickAll about={about} items={items} selected={selected} onSelect={onSelect} />
              </th>
            )}
            {columns.map((field) => (
              <Head key={field.name} field={field} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {items.map((item) => {
            const key = keyOf(about, item);
            const label = labelOf(about, item);
            return (
              <tr
                key={key}
                role="row"
                data-key={key}
                className={selected?.has(key) ? 'picked' : undefined}
                onClick={link && follow}
              >
                {selected && (
                  <td role="cell" className="pick">
                    <label>
                      <input
                        type="checkbox"
                        checked={selected.has(key)}
                        aria-label={t('resource.select', { label })}
                        onChange={(event) => {
                          onSelect([item], event.target.checked);
                        }}
                      />
                    </label>
                  </td>
                )}
                {columns.map((field, index) => (
                  <td
                    key={field.name}
                    role="cell"
                    data-title={field.title}
                    title={field.type === 'text' ? text(item[field.name]) : undefined}
                    className={[index === 0 ? 'first' : '', isNumeric(field) ? 'end' : ''].join(' ').trim()}
                  >
                    {content(field, item, index === 0 && link ? () => link(item, label) : undefined)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );

  function content(field: ResourceField, item: Item, linked?: () => ReactNode): ReactNode {
    if (linked) return linked();
    const value = item[field.name];
    return cells[field.name]?.(value, item) ?? valueOf(field, value);
  }
}

/** Text that may be cut short where it is shown. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 24 ? value : undefined;
}

/** A click anywhere in a row opens it, for who has a mouse; everybody else has the link in its first cell. */
function follow(event: MouseEvent<HTMLTableRowElement>) {
  const on = event.target as HTMLElement;
  if (on.closest('a, button, input, label') || event.defaultPrevented) return;
  if (String(getSelection() ?? '') !== '') return;
  event.currentTarget.querySelector<HTMLElement>('td.first a')?.click();
}

interface HeadProps {
  field: ResourceField;
  sort: string;
  onSort: (name: string, add: boolean) => void;
}

function Head({ field, sort, onSort }: HeadProps) {
  const terms = parseSort(sort);
  const place = terms.findIndex((term) => term.name === field.name);
  const term = terms[place];
  const className = isNumeric(field) ? 'end' : undefined;
  if (!field.sort) {
    return (
      <th scope="col" role="columnheader" className={className} title={field.doc}>
        {field.title}
      </th>
    );
  }
  return (
    <th
      scope="col"
      role="columnheader"
      className={className}
      aria-sort={term ? (term.descending ? 'descending' : 'ascending') : undefined}
    >
      <button
        type="button"
        className="sort"
        title={field.doc}
        onClick={(event) => {
          onSort(field.name, event.shiftKey);
        }}
      >
        {field.title}
        <span className="arrow" aria-hidden="true">
          {term ? (term.descending ? '↓' : '↑') : '↕'}
          {terms.length > 1 && place >= 0 && <small>{place + 1}</small>}
        </span>
      </button>
    </th>
  );
}

interface PickAllProps {
  about: Description;
  items: Item[];
  selected: ReadonlyMap<string, string>;
  onSelect: (items: Item[], selected: boolean) => void;
}

function PickAll({ about, items, selected, onSelect }: PickAllProps) {
  const ref = useRef<HTMLInputElement>(null);
  const here = items.filter((item) => selected.has(keyOf(about, item))).length;
  const all = items.length > 0 && here === items.length;
  useEffect(() => {
    if (ref.current) ref.current.indeterminate = here > 0 && !all;
  });
  return (
    <label>
      <input
        ref={ref}
        type="checkbox"
        checked={all}
        aria-label={t('resource.select.all')}
        onChange={() => {
          onSelect(items, !all);
        }}
      />
    </label>
  );
}
