import { useLocation, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

/** What a list shows; all of it stands in the address, so that a link or a reload shows the same. */
export interface ListState {
  q: string;
  sort: string;
  filter: string;
  limit: number;
  cursor: string;
}

/** How many rows a page may have. */
export const pageSizes = [25, 50, 100, 200];

const usualSize = 50;
const trailLimit = 1000;

/** The state that an address describes; what it does not say is the usual. */
export function fromSearch(search: Record<string, unknown>): ListState {
  // The router reads what looks like JSON as JSON: a search for 42 comes as a number.
  const text = (key: string) => {
    const value = search[key];
    if (typeof value === 'string') return value;
    return value === undefined || value === null ? '' : JSON.stringify(value);
  };
  const limit = Number(search['limit']);
  return {
    q: text('q'),
    sort: text('sort'),
    filter: text('filter'),
    cursor: text('cursor'),
    limit: pageSizes.includes(limit) ? limit : usualSize,
  };
}

/** The address of a state, without what is usual. */
export function toSearch(state: ListState): Partial<ListState> {
  return Object.fromEntries(
    Object.entries(state).filter(([key, value]) => value !== '' && !(key === 'limit' && value === usualSize)),
  );
}

/** A list's state and the ways to change it. */
export interface ListControl {
  state: ListState;
  /** Other rows, so the first page of them. */
  change: (change: Partial<Omit<ListState, 'cursor'>>, options?: { replace?: boolean }) => void;
  next: (cursor: string) => void;
  previous: () => void;
  first: () => void;
  /** Which page this is, 0 when the address came from elsewhere and does not say. */
  page: number;
}

/** The state of the one list of a screen, kept in the address. */
export function useListControl(): ListControl {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const state = fromSearch(search);
  // Cursors lead forward only; the way back is remembered with the entry of the browser's history.
  const { trail } = useLocation().state;
  const navigate = useNavigate();
  const go = useCallback(
    (next: ListState, way: string[], options: { replace?: boolean; top?: boolean } = {}) => {
      void navigate({
        to: '.',
        search: toSearch(next) as never,
        state: { trail: way.slice(-trailLimit) },
        replace: options.replace ?? false,
        resetScroll: options.top ?? false,
      });
    },
    [navigate],
  );
  const way = state.cursor === '' ? [] : (trail ?? []);
  return {
    state,
    change: (change, options) => {
      go({ ...state, ...change, cursor: '' }, [], options);
    },
    next: (cursor) => {
      go({ ...state, cursor }, [...way, state.cursor], { top: true });
    },
    previous: () => {
      go({ ...state, cursor: way.at(-1) ?? '' }, way.slice(0, -1), { top: true });
    },
    first: () => {
      go({ ...state, cursor: '' }, [], { top: true });
    },
    // The way is whole when it begins at the first page, which has no cursor.
    page: state.cursor === '' ? 1 : way[0] === '' ? way.length + 1 : 0,
  };
}

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The cursors of the pages before this one. */
    trail?: string[];
  }
}

/** One field of an order. */
export interface SortTerm {
  name: string;
  descending: boolean;
}

/** Reads an order such as `-created_at,name`. */
export function parseSort(text: string): SortTerm[] {
  return text
    .split(',')
    .filter(Boolean)
    .map((term) => ({ name: term.replace(/^[-+]/, ''), descending: term.startsWith('-') }));
}

/**
 * The order after a click on a column's head: up, down, and back to the usual, which is no order of its own. With
 * `add` the other columns stay.
 */
export function nextSort(text: string, usual: string, name: string, add: boolean): string {
  const terms = parseSort(text || usual);
  const now = terms.find((term) => term.name === name);
  const others = add ? terms.filter((term) => term.name !== name) : [];
  const turned = { name, descending: now ? !now.descending : false };
  // The column of the usual order turns back and forth; another one has its turn and gives it back.
  const ends = now?.descending === true && (text !== '' || add);
  const next = [...others, ...(ends ? [] : [turned])]
    .slice(-4)
    .map((term) => (term.descending ? '-' : '') + term.name)
    .join(',');
  return next === usual ? '' : next;
}
