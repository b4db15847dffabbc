import { useId } from 'react';
import { Button } from '../parts/button';
import { useStore } from '../store';
import { t } from '../strings';
import { density, setDensity } from './density';
import { pageSizes, type ListControl } from './list-state';

interface Props {
  control: ListControl;
  /** Where the next page begins; nothing on the last. */
  next: string | undefined;
  rows: number;
  busy: boolean;
}

/** The way from page to page. How many there are nobody counts: that would cost more than the page. */
export function Pager({ control, next, rows, busy }: Props) {
  const id = useId();
  const compact = useStore(density) === 'compact';
  const { state, page } = control;
  const begun = state.cursor !== '';
  return (
    <div className="pager">
      <div className="row">
        <label htmlFor={id} className="small dim">
          {t('resource.size')}
        </label>
        <select
          id={id}
          className="input"
          value={state.limit}
          onChange={(event) => {
            control.change({ limit: Number(event.target.value) });
          }}
        >
          {pageSizes.map((size) => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="button bare density"
          aria-pressed={compact}
          onClick={() => {
            setDensity(compact ? 'roomy' : 'compact');
          }}
        >
          {t('resource.compact')}
        </button>
      </div>
      <p className="small dim num" role="status">
        {busy ? t('loading') : status(page, rows)}
      </p>
      <nav className="row" aria-label={t('resource.pages')}>
        <Button
          busy={!begun || busy}
          onClick={() => {
            if (page === 0) control.first();
            else control.previous();
          }}
        >
          {page === 0 ? t('resource.first') : t('resource.previous')}
        </Button>
        <Button
          busy={!next || busy}
          onClick={() => {
            if (next) control.next(next);
          }}
        >
          {t('resource.next')}
        </Button>
      </nav>
    </div>
  );
}

function status(page: number, rows: number): string {
  const count = t('resource.rows', { count: rows });
  return page > 0 ? t('resource.page', { page, rows: count }) : count;
}
