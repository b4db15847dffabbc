import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../api/client';
import { APIError } from '../api/error';
import { SchemaForm } from '../forms/schema-form';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { below, dataKey } from './queries';
import { Refused } from './refused';
import type { Selection } from './selection';
import type { ActionResult, Description, ResourceAction } from './types';

export interface BulkDialogProps {
  about: Description;
  selection: Selection;
  action: ResourceAction;
  onClose: () => void;
}

/** Asks, acts, and says what could not be done and why; what was done is no longer selected. */
export function BulkDialog({ about, action, selection, onClose }: BulkDialogProps) {
  const client = useQueryClient();
  const [failed, setFailed] = useState<ActionResult[]>([]);
  const [names] = useState(selection.items);
  const act = useMutation({
    mutationFn: async (input: Record<string, unknown> | undefined) =>
      (
        await post<{ results: ActionResult[] }>(
          `${below(about.path)}/actions/${encodeURIComponent(action.name)}`,
          {
            ids: [...selection.items.keys()],
            ...(input && { input }),
          },
        )
      ).results,
    onSuccess: (results) => {
      const done = results.filter((result) => result.ok).map((result) => result.id);
      const left = results.filter((result) => !result.ok);
      void client.invalidateQueries({ queryKey: dataKey(about) });
      selection.drop(done);
      setFailed(left);
      if (done.length > 0) notify(t('resource.acted', { action: action.title, count: done.length }));
      if (left.length === 0) onClose();
    },
  });
  const count = selection.items.size;
  const buttons = (
    <div className="dialog-actions">
      <Button onClick={onClose}>{failed.length > 0 ? t('resource.close') : t('cancel')}</Button>
      {failed.length === 0 && (
        <Button
          type={action.input_schema ? 'submit' : 'button'}
          look={action.danger ? 'danger' : 'primary'}
          busy={act.isPending}
          onClick={
            action.input_schema
              ? undefined
              : () => {
                  act.mutate(undefined);
                }
          }
        >
          {act.isPending ? t('action.busy') : action.title}
        </Button>
      )}
    </div>
  );
  const formError = act.error instanceof APIError && act.error.fields.length > 0 && action.input_schema;
  return (
    <Dialog title={t('resource.ask', { action: action.title, count })} onClose={onClose}>
      {failed.length > 0 ? (
        <Failures results={failed} names={names} />
      ) : (
        <>
          <p>{action.confirm || (action.danger ? t('resource.ask.danger') : t('resource.ask.about'))}</p>
          <Names names={[...names.values()]} />
        </>
      )}
      {act.error && !formError && <Refused error={act.error} />}
      {action.input_schema && failed.length === 0 ? (
        <SchemaForm
          schema={action.input_schema}
          values={{}}
          below="/input"
          refusal={act.error}
          onSubmit={(values) => {
            act.mutate(values);
          }}
        >
          {buttons}
        </SchemaForm>
      ) : (
        buttons
      )}
    </Dialog>
  );
}

const shownNames = 8;

function Names({ names }: { names: string[] }) {
  const more = names.length - shownNames;
  return (
    <ul className="names">
      {names.slice(0, shownNames).map((name, index) => (
        <li key={index}>{name}</li>
      ))}
      {more > 0 && <li className="dim">{t('resource.more', { count: more })}</li>}
    </ul>
  );
}

function Failures({ results, names }: { results: ActionResult[]; names: ReadonlyMap<string, string> }) {
  return (
    <div role="alert" className="stack">
      <p>{t('resource.failed', { count: results.length })}</p>
      <ul className="names">
        {results.map((result) => (
          <li key={result.id}>
            <b>{names.get(result.id) ?? result.id}</b> <span>{result.error?.detail}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
