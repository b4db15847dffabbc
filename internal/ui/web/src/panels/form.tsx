import { useMutation, useQueryClient } from '@tanstack/react-query';
import { post } from '../api/client';
import { APIError } from '../api/error';
import { panelPath } from '../api/module-queries';
import type { FormData, PanelMeta } from '../api/types';
import { SchemaForm } from '../forms/schema-form';
import { Button } from '../parts/button';
import { ErrorNotice } from '../parts/notice';
import { notify } from '../parts/toast';
import { t } from '../strings';

/** A module's own form as a panel. */
export function FormPanel({ panel, data }: { panel: PanelMeta; data: FormData }) {
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: (values: Record<string, unknown>) => post<{ message?: string }>(panelPath(panel), values),
    onSuccess: (answer) => {
      notify(answer.message || t('form.sent'));
      void client.invalidateQueries({ queryKey: ['panel', panel.module] });
    },
  });
  const atFields = send.error instanceof APIError && send.error.fields.length > 0;
  return (
    <SchemaForm
      schema={data.schema}
      values={data.values}
      refusal={send.error}
      onSubmit={(values) => {
        if (!send.isPending) send.mutate(values);
      }}
    >
      {send.error && !atFields && <ErrorNotice error={send.error} />}
      <Button type="submit" look="primary" busy={send.isPending}>
        {data.submit_label || t('form.submit')}
      </Button>
    </SchemaForm>
  );
}
