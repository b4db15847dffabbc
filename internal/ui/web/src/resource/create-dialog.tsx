import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import type { JSONSchema } from '../api/types';
import { SchemaForm } from '../forms/schema-form';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { below, dataKey } from './queries';
import { Refused } from './refused';
import { labelOf, type Description, type Item } from './types';

export interface CreateDialogProps {
  about: Description;
  schema: JSONSchema;
  onClose: () => void;
  onCreated: (item: Item) => void;
}

/** Makes a new item by the form of the resource. */
export function CreateDialog({ about, schema, onClose, onCreated }: CreateDialogProps) {
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: async (values: Item) => (await ask<Item>('POST', below(about.path), { body: values })).data,
    onSuccess: (item) => {
      notify(t('resource.created', { label: labelOf(about, item) }));
      void client.invalidateQueries({ queryKey: dataKey(about) });
      onCreated(item);
    },
  });
  const atFields = create.error instanceof APIError && create.error.fields.length > 0;
  return (
    <Dialog title={t('resource.create.title', { singular: about.singular })} onClose={onClose}>
      <SchemaForm
        schema={schema}
        values={{}}
        refusal={create.error}
        onSubmit={(values) => {
          create.mutate(values);
        }}
      >
        {create.error && !atFields && <Refused error={create.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {create.isPending ? t('resource.creating') : t('resource.create')}
          </Button>
        </div>
      </SchemaForm>
    </Dialog>
  );
}
