import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { keysKey, type APIKey } from './keys';

/** Ends a key after asking. */
export function RevokeKey({ item, onClose }: { item: APIKey; onClose: () => void }) {
  const client = useQueryClient();
  const done = () => {
    void client.invalidateQueries({ queryKey: keysKey });
    onClose();
  };
  const revoke = useMutation({
    mutationFn: () => ask('DELETE', `api-keys/${encodeURIComponent(item.id)}`),
    onSuccess: () => {
      notify(t('keys.revoke.done', { name: item.name }));
      done();
    },
    onError: (error) => {
      // Gone already is what was wanted.
      if (error instanceof APIError && error.status === 404) done();
    },
  });
  return (
    <Dialog title={t('keys.revoke.ask', { name: item.name })} onClose={onClose}>
      <p>{t('keys.revoke.about')}</p>
      {revoke.error && <Refused error={revoke.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look="danger"
          busy={revoke.isPending}
          onClick={() => {
            revoke.mutate();
          }}
        >
          {t('keys.revoke')}
        </Button>
      </div>
    </Dialog>
  );
}
