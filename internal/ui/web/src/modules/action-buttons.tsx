import { useState } from 'react';
import { useMay } from '../api/may';
import type { Module, Operation } from '../api/types';
import { Button } from '../parts/button';
import { t } from '../strings';
import { ActionDialog } from './action-dialog';
import { actions, isGrave } from './actions';

/** The actions of a module's state; only the first one where space is short. */
export function ActionButtons({ module, all }: { module: Module; all: boolean }) {
  const mayAct = useMay('modules.manage');
  const [op, setOp] = useState<Operation | null>(null);
  const offered = all ? actions(module) : actions(module).slice(0, 1);
  if (!mayAct) return null;
  return (
    <>
      {offered.map((action) => (
        <Button
          key={action}
          look={isGrave(action) ? 'danger' : undefined}
          aria-haspopup="dialog"
          aria-label={all ? undefined : t('action.of', { op: t(`op.${action}`), title: module.title })}
          onClick={() => {
            setOp(action);
          }}
        >
          {t(`op.${action}`)}
        </Button>
      ))}
      {op && (
        <ActionDialog
          module={module}
          op={op}
          onClose={() => {
            setOp(null);
          }}
        />
      )}
    </>
  );
}
