import { useEffect, useMemo, type ReactNode } from 'react';
import { FormProvider, useForm } from 'react-hook-form';
import type { JSONSchema } from '../api/types';
import { Notice } from '../parts/notice';
import { remarks } from './remarks';
import { t } from '../strings';
import { SchemaFields } from './schema-fields';
import { fieldOf, fieldsOf, fromControls, toControls } from './schema';

type Values = Record<string, unknown>;

interface Props {
  schema: JSONSchema;
  values: Values;
  /** Which secrets have a stored value. */
  secrets?: Record<string, boolean>;
  /** Where the values stand in the request body, for the server's pointers. */
  below?: string;
  /** The server's refusal of the last attempt; a new object is shown anew. */
  refusal: unknown;
  onSubmit: (values: Values) => void;
  onDirty?: (dirty: boolean) => void;
  children: ReactNode;
}

/** A form made from a JSON Schema: its rules answer at once, the server's at the field they are about. */
export function SchemaForm({
  schema,
  values,
  secrets = {},
  below = '',
  refusal,
  onSubmit,
  onDirty,
  children,
}: Props) {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const form = useForm<Values>({
    defaultValues: toControls(fields, values),
    mode: 'onTouched',
    shouldFocusError: true,
  });
  const { setError, setFocus, handleSubmit } = form;
  const { isDirty } = form.formState;

  useEffect(() => {
    onDirty?.(isDirty);
  }, [isDirty, onDirty]);

  useEffect(() => {
    let first = true;
    for (const problem of remarks(refusal)) {
      const field = fieldOf(fields, problem, below);
      if (!field) continue;
      setError(field.name, { type: 'server', message: problem.detail });
      if (first) setFocus(field.name);
      first = false;
    }
  }, [refusal, fields, below, setError, setFocus]);

  const elsewhere = remarks(refusal).filter((problem) => !fieldOf(fields, problem, below));

  return (
    <FormProvider {...form}>
      <form
        className="stack"
        noValidate
        onSubmit={(event) => void handleSubmit((raw) => onSubmit(fromControls(fields, raw)))(event)}
      >
        {elsewhere.length > 0 && (
          <Notice kind="bad" title={t('error.invalid.title')} alert>
            <ul>
              {elsewhere.map((problem) => (
                <li key={problem.pointer + problem.code}>{problem.detail}</li>
              ))}
            </ul>
          </Notice>
        )}
        <SchemaFields fields={fields} secrets={secrets} />
        {children}
      </form>
    </FormProvider>
  );
}
