import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { moduleQuery, planQuery } from '../api/module-queries';
import type { Acted, Module, Operation, Plan, Step } from '../api/types';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { ErrorNotice, Notice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { Throttled } from '../parts/throttled';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { isGrave } from './actions';
import { follow } from './follow';

interface Props {
  module: Module;
  op: Operation;
  onClose: () => void;
}

/** Says what an action will do, to which modules, and does it. */
export function ActionDialog({ module, op, onClose }: Props) {
  const client = useQueryClient();
  const [cascade, setCascade] = useState(false);
  const [purge, setPurge] = useState(false);
  // Whom a refusal named that the plan did not know of yet.
  const [named, setNamed] = useState<string[]>([]);
  // The plan shown is of this generation; a change meanwhile is refused and shown anew.
  const current = useQuery({ ...moduleQuery(module.id), staleTime: 0 });
  const alone = useQuery(planQuery(module.id, op, false));
  const together = useQuery({ ...planQuery(module.id, op, true), enabled: cascade });
  const plan = cascade ? together : alone;

  const act = useMutation({
    mutationFn: () => {
      const query = new URLSearchParams();
      if (cascade) query.set('cascade', 'true');
      if (purge) query.set('purge', 'true');
      const path = `modules/${encodeURIComponent(module.id)}/${op}${query.size > 0 ? '?' + query.toString() : ''}`;
      return ask<Acted>('POST', path, { body: {}, ifMatch: current.data?.etag });
    },
    onSuccess: ({ status }) => {
      if (status === 200) notify(t('action.nothing'));
      else void follow(client, module, op);
      void client.invalidateQueries({ queryKey: ['modules'] });
      onClose();
    },
    onError: (error) => {
      if (error instanceof APIError && (error.status === 412 || error.status === 409)) {
        setNamed(requiredBy(error));
        void client.invalidateQueries({ queryKey: ['modules'] });
        void client.invalidateQueries({ queryKey: ['plan', module.id] });
      }
    },
  });

  const required = [...new Set([...(alone.data?.required_by ?? []), ...named])];
  const needsCascade = (alone.data?.needs_cascade ?? false) || named.length > 0;
  const ready = plan.data !== undefined && current.data !== undefined;
  const blocked = !ready || Boolean(plan.data.refused) || (needsCascade && !cascade);

  return (
    <Dialog title={t(`ask.${op}`, { title: module.title })} onClose={onClose}>
      <p>{t(`about.${op}`)}</p>
      {plan.isPending && <LoadingRows rows={2} height="1.5rem" />}
      {plan.error && <ErrorNotice error={plan.error} onRetry={() => void plan.refetch()} />}
      {plan.data && <PlanView plan={plan.data} id={module.id} />}
      {needsCascade && (
        <label className="check">
          <input
            type="checkbox"
            checked={cascade}
            onChange={(event) => {
              setCascade(event.target.checked);
              act.reset();
            }}
          />
          <span>{cascadeLabel(required)}</span>
        </label>
      )}
      {op === 'uninstall' && <DataChoice purge={purge} onChange={setPurge} />}
      {act.error && <Refusal error={act.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look={isGrave(op) || purge ? 'danger' : 'primary'}
          busy={blocked || act.isPending}
          onClick={() => {
            act.mutate();
          }}
        >
          {act.isPending ? t('action.busy') : purge ? t('op.purge') : t(`op.${op}`)}
        </Button>
      </div>
    </Dialog>
  );
}

function cascadeLabel(ids: string[]): string {
  return ids.length > 0 ? t('action.cascade', { ids: ids.join(', ') }) : t('action.cascade.some');
}

function PlanView({ plan, id }: { plan: Plan; id: string }) {
  if (plan.refused) {
    return (
      <Notice kind="warn" title={t('action.refused')}>
        <p>{plan.refused}</p>
      </Notice>
    );
  }
  if (plan.steps.length === 0) return <p className="dim">{t('action.nosteps')}</p>;
  const others = new Set(plan.steps.map((step) => step.module).filter((module) => module !== id));
  return (
    <section className="stack">
      <h3>{others.size > 0 ? t('action.steps.others', { count: others.size }) : t('action.steps')}</h3>
      <ol className="steps">
        {plan.steps.map((step, index) => (
          <li key={index}>{stepText(step)}</li>
        ))}
      </ol>
    </section>
  );
}

function stepText({ op, module, title }: Step): string {
  return `${verbs()[op] ?? op} ${title || module}`;
}

const verbs = (): Record<string, string> => ({
  install: t('op.install'),
  enable: t('op.enable'),
  disable: t('op.disable'),
  upgrade: t('op.upgrade'),
  uninstall: t('op.uninstall'),
  retry: t('op.retry'),
  rollback: t('op.rollback'),
  force: t('op.force'),
});

function DataChoice({ purge, onChange }: { purge: boolean; onChange: (purge: boolean) => void }) {
  return (
    <fieldset>
      <legend className="label">{t('action.data')}</legend>
      <label className="check">
        <input
          type="radio"
          name="purge"
          checked={!purge}
          onChange={() => {
            onChange(false);
          }}
        />
        <span>{t('action.data.keep')}</span>
      </label>
      <label className="check">
        <input
          type="radio"
          name="purge"
          checked={purge}
          onChange={() => {
            onChange(true);
          }}
        />
        <span>{t('action.data.purge')}</span>
      </label>
    </fieldset>
  );
}

function requiredBy(error: unknown): string[] {
  return error instanceof APIError && error.status === 409 ? (error.problem.required_by ?? []) : [];
}

function Refusal({ error }: { error: Error }) {
  if (error instanceof APIError && error.status === 429) return <Throttled error={error} />;
  const required = requiredBy(error);
  if (required.length > 0) {
    return (
      <Notice kind="warn" title={t('action.required.title')} alert>
        <p>{t('action.required', { ids: required.join(', ') })}</p>
      </Notice>
    );
  }
  if (error instanceof APIError && error.status === 412) {
    return (
      <Notice kind="warn" title={t('error.stale.title')} alert>
        <p>{t('action.stale')}</p>
      </Notice>
    );
  }
  return <ErrorNotice error={error} />;
}
