import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { dataKey, itemPath, itemQuery } from './queries';
import { Refused } from './refused';
import type { Description } from './types';

interface Props {
  about: Pick<Description, 'path'>;
  id: string;
  label: string;
  etag: string;
  /** What goes with it, for people to know before. */
  consequence?: string;
  onDeleted: () => void;
}

/** Deletes one item after asking; not one that somebody changed meanwhile. */
export function DeleteButton({ about, id, label, etag, consequence, onDeleted }: Props) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => ask('DELETE', itemPath(about, id), { ifMatch: etag }),
    onSuccess: () => {
      notify(t('resource.deleted', { label }));
      // The list first: asking again for the item that is gone would be an error on its way out.
      onDeleted();
      client.removeQueries({ queryKey: itemQuery(about, id).queryKey });
      void client.invalidateQueries({ queryKey: [...dataKey(about), 'list'] });
    },
    onError: (error) => {
      if (error instanceof APIError && error.status === 412)
        void client.invalidateQueries({ queryKey: itemQuery(about, id).queryKey });
    },
  });
  return (
    <>
      <Button
        look="danger"
        aria-haspopup="dialog"
        onClick={() => {
          remove.reset();
          setAsking(true);
        }}
      >
        {t('resource.delete')}
      </Button>
      {asking && (
        <Dialog
          title={t('resource.delete.ask', { label })}
          onClose={() => {
            setAsking(false);
          }}
        >
          <p>{consequence ?? t('resource.ask.danger')}</p>
          {remove.error && <Refused error={remove.error} />}
          <div className="dialog-actions">
            <Button
              onClick={() => {
                setAsking(false);
              }}
            >
              {t('cancel')}
            </Button>
            <Button
              look="danger"
              busy={remove.isPending}
              onClick={() => {
                remove.mutate();
              }}
            >
              {t('resource.delete')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
