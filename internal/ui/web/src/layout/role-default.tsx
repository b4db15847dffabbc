import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, get } from '../api/client';
import type { Items } from '../api/types';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field } from '../parts/field';
import { ErrorNotice } from '../parts/notice';
import { Skeleton } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { t } from '../strings';
import type { Item, Layout } from './model';

interface RoleName {
  name: string;
  title?: string;
}

const path = (role: string) => `roles/${encodeURIComponent(role)}/layout`;

/** Makes the present layout the one that people of a role see until they make their own. */
export function RoleDefault({ items, onClose }: { items: Item[]; onClose: () => void }) {
  const roles = useQuery({
    queryKey: ['layout', 'roles'],
    queryFn: async ({ signal }) => (await get<Items<RoleName>>('roles?limit=200', signal)).items,
  });
  const [chosen, setChosen] = useState('');
  const role = chosen || (roles.data?.[0]?.name ?? '');
  const present = useQuery({
    queryKey: ['layout', 'role', role],
    queryFn: ({ signal }) => ask<Layout>('GET', path(role), { signal }),
    enabled: role !== '',
    staleTime: 0,
  });
  const change = useMutation({
    mutationFn: (next: Item[] | null) =>
      ask(next ? 'PUT' : 'DELETE', path(role), {
        body: next ? { items: next } : undefined,
        ifMatch: present.data?.etag,
      }),
    onSuccess: (_, next) => {
      notify(next ? t('layout.share.done', { role }) : t('layout.share.removed', { role }));
      onClose();
    },
    // Someone else's default is shown before it is replaced.
    onError: () => void present.refetch(),
  });
  const has = present.data?.data.source === 'role';
  return (
    <Dialog title={t('layout.share.title')} onClose={onClose}>
      <p>{t('layout.share.about')}</p>
      {roles.isPending && <Skeleton height="3.5rem" />}
      {roles.error && <ErrorNotice error={roles.error} onRetry={() => void roles.refetch()} />}
      {roles.data && (
        <Field label={t('layout.share.role')}>
          {(wiring) => (
            <select
              className="input"
              {...wiring}
              value={role}
              onChange={(event) => {
                setChosen(event.target.value);
              }}
            >
              {roles.data.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title || name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <p className="small dim" role="status">
        {present.data && (has ? t('layout.share.has') : t('layout.share.none'))}
      </p>
      {change.error && <ErrorNotice error={change.error} />}
      <div className="dialog-actions">
        {has && (
          <Button
            look="danger"
            busy={change.isPending}
            onClick={() => {
              change.mutate(null);
            }}
          >
            {t('layout.share.remove')}
          </Button>
        )}
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look="primary"
          busy={change.isPending || !present.data}
          onClick={() => {
            change.mutate(items);
          }}
        >
          {t('layout.share.set')}
        </Button>
      </div>
    </Dialog>
  );
}
