import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useMay } from '../api/may';
import { myModulesQuery } from '../api/queries';
import type { Limit } from '../api/types';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { EditLimit, type Edited } from './limit-edit';
import { RemoveOwn } from './limit-remove';
import { limitsQuery } from './limit-queries';
import { limitTitle } from './limit-title';
import { DataTable, wrapped } from '../parts/data-table';
import { policyWords, splitPolicy } from './policy';
import { RefusedCallers } from './refused-callers';

/** All limits, who was refused by them, and who has one of their own. */
export function Limits() {
  const limits = useQuery(limitsQuery);
  const mayManage = useMay('limits.manage');
  const [editing, setEditing] = useState<Edited | null>(null);
  const [removing, setRemoving] = useState<Edited | null>(null);
  if (limits.isPending) return <LoadingRows rows={6} height="4rem" />;
  if (!limits.data)
    return <ErrorNotice error={limits.error} onRetry={() => void limits.refetch()} alert={false} />;
  const edit = mayManage ? setEditing : undefined;
  return (
    <>
      <p className="dim">{t('limits.about')}</p>
      <DataTable
        title={t('limits')}
        heads={[
          t('limits.limit'),
          t('limits.module'),
          t('limits.policy'),
          ...(edit ? [t('limits.actions')] : []),
        ]}
      >
        {limits.data.map((limit) => (
          <Line key={limit.name} limit={limit} onEdit={edit} />
        ))}
      </DataTable>
      <RefusedCallers limits={limits.data} onGive={edit} />
      <Own limits={limits.data} onEdit={edit} onRemove={setRemoving} />
      {editing && (
        <EditLimit
          edited={editing}
          onClose={() => {
            setEditing(null);
          }}
        />
      )}
      {removing && (
        <RemoveOwn
          edited={removing}
          onClose={() => {
            setRemoving(null);
          }}
        />
      )}
    </>
  );
}

type OnEdit = ((edited: Edited) => void) | undefined;

function Line({ limit, onEdit }: { limit: Limit; onEdit: OnEdit }) {
  const modules = useQuery(myModulesQuery).data ?? [];
  const { name, module } = limit;
  return (
    <tr role="row" data-limit={name}>
      <td role="cell" className="first" style={wrapped}>
        <b>{limitTitle(limit)}</b>
        <p className="mono small dim">{name}</p>
      </td>
      <td role="cell" data-title={t('limits.module')}>
        {module ? (modules.find((one) => one.id === module)?.title ?? module) : t('limits.module.own')}
      </td>
      <td role="cell" data-title={t('limits.policy')} style={wrapped}>
        <InForce policy={limit.policy} usual={limit.default} />
      </td>
      {onEdit && (
        <td role="cell" data-title={t('limits.actions')}>
          <Button
            aria-haspopup="dialog"
            aria-label={t('limits.change.of', { name })}
            onClick={() => {
              onEdit({ name });
            }}
          >
            {t('limits.change')}
          </Button>
        </td>
      )}
    </tr>
  );
}

/** A policy, and what is particular about it. */
function InForce({ policy, usual }: { policy: string; usual?: string }) {
  const { text, shadow } = splitPolicy(policy);
  return (
    <div>
      <span className="row">
        <code>{text}</code>
        {shadow && <span className="badge warn">{t('limits.shadow')}</span>}
        {usual !== undefined && usual !== policy && (
          <span className="badge accent" title={t('limits.changed.from', { policy: usual })}>
            {t('limits.changed')}
          </span>
        )}
      </span>
      <p className="small dim">{policyWords(policy)}</p>
    </div>
  );
}

interface OwnProps {
  limits: Limit[];
  onEdit: OnEdit;
  onRemove: (edited: Edited) => void;
}

/** The callers that have a limit of their own. */
function Own({ limits, onEdit, onRemove }: OwnProps) {
  const all = limits.flatMap(({ name, overrides }) => overrides.map((one) => ({ ...one, name })));
  if (all.length === 0) return null;
  const action = (look: 'bare' | undefined, label: string, children: ReactNode, act: () => void) => (
    <Button look={look} aria-haspopup="dialog" aria-label={label} onClick={act}>
      {children}
    </Button>
  );
  return (
    <section className="stack" aria-labelledby="own">
      <h2 id="own">{t('limits.own')}</h2>
      <ul className="card flush rows">
        {all.map(({ name, key, policy }) => (
          <li key={`${name} ${key}`}>
            <div>
              <p>
                <b className="mono">{key}</b> <span className="mono small dim">{name}</span>
              </p>
              <InForce policy={policy} />
            </div>
            {onEdit && (
              <div className="row">
                {action(undefined, t('limits.own.change.of', { name, who: key }), t('limits.change'), () => {
                  onEdit({ name, key });
                })}
                {action('bare', t('limits.own.remove.of', { name, who: key }), t('limits.own.remove'), () => {
                  onRemove({ name, key });
                })}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
