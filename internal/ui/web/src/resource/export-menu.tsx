import { useId } from 'react';
import { Button } from '../parts/button';
import { t } from '../strings';
import type { ListState } from './list-state';
import { exportURL } from './queries';
import type { Description } from './types';

/** Downloads of all rows that the filter and the search leave, not only of this page. */
export function ExportMenu({ about, state }: { about: Description; state: ListState }) {
  const id = useId();
  if (!about.may.export || about.export.length === 0) return null;
  return (
    <div className="export">
      <Button popoverTarget={id}>{t('resource.export')}</Button>
      <div id={id} popover="auto" className="menu" role="group" aria-label={t('resource.export')}>
        <p className="small dim">
          {state.q || state.filter ? t('resource.export.some') : t('resource.export.all')}
        </p>
        {about.export.map((format) => (
          <a
            key={format}
            className="button bare"
            href={exportURL(about, format, state)}
            download
            onClick={(event) => {
              event.currentTarget.parentElement?.hidePopover();
            }}
          >
            {t('resource.export.as', { format: format.toUpperCase() })}
          </a>
        ))}
      </div>
    </div>
  );
}
