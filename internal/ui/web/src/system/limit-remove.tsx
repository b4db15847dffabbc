import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ask } from '../api/client';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import type { Edited } from './limit-edit';
import { limitPath, limitsKey } from './limit-queries';

/** Takes a caller's own limit away after asking. */
export function RemoveOwn({ edited, onClose }: { edited: Edited; onClose: () => void }) {
  const client = useQueryClient();
  const { name, key, who = key ?? '' } = edited;
  const remove = useMutation({
    mutationFn: () => ask('DELETE', limitPath(name, key)),
    onSuccess: () => {
      notify(t('limits.own.removed', { who }));
      void client.invalidateQueries({ queryKey: limitsKey });
      onClose();
    },
  });
  return (
    <Dialog title={t('limits.own.remove.ask', { who })} onClose={onClose}>
      <p>{t('limits.own.remove.about', { name })}</p>
      {remove.error && <Refused error={remove.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look="danger"
          busy={remove.isPending}
          onClick={() => {
            remove.mutate();
          }}
        >
          {t('limits.own.remove')}
        </Button>
      </div>
    </Dialog>
  );
}
