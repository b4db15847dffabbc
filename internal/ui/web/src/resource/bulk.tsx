import { Suspense, useState } from 'react';
import { lazyPart } from '../lazy';
import { Button } from '../parts/button';
import { t } from '../strings';
import { selectionLimit, type Selection } from './selection';
import type { BulkDialogProps } from './bulk-dialog';
import type { Description, ResourceAction } from './types';

const BulkDialog = lazyPart<BulkDialogProps>(() => import('./bulk-dialog'), 'BulkDialog');

interface Props {
  about: Description;
  selection: Selection;
}

/** What can be done with the selected items, at the foot of the table so that no row moves when it appears. */
export function BulkBar({ about, selection }: Props) {
  const [action, setAction] = useState<ResourceAction | null>(null);
  const count = selection.items.size;
  const tooMany = count > selectionLimit;
  return (
    <div className="bulk" role="group" aria-label={t('resource.selection')}>
      <b role="status">{t('resource.selected', { count })}</b>
      {tooMany && <span className="problem">{t('resource.selected.many', { max: selectionLimit })}</span>}
      {actionsOf(about).map((one) => (
        <Button
          key={one.name}
          look={one.danger ? 'danger' : undefined}
          aria-haspopup="dialog"
          busy={tooMany}
          onClick={() => {
            setAction(one);
          }}
        >
          {one.title}
        </Button>
      ))}
      <Button
        look="bare"
        onClick={() => {
          selection.drop([...selection.items.keys()]);
        }}
      >
        {t('resource.selected.clear')}
      </Button>
      <Suspense>
        {action && (
          <BulkDialog
            about={about}
            action={action}
            selection={selection}
            onClose={() => {
              setAction(null);
            }}
          />
        )}
      </Suspense>
    </div>
  );
}

/** The declared actions, and deleting where the resource deletes. */
export function actionsOf(about: Description): ResourceAction[] {
  if (!about.may.delete || about.actions.some((action) => action.name === 'delete')) return about.actions;
  return [...about.actions, { name: 'delete', title: t('resource.delete'), danger: true }];
}
