import { useFormContext } from 'react-hook-form';
import { Field } from '../parts/field';
import { t } from '../strings';
import { show } from '../show';
import { check, type FormField } from './schema';

interface Props {
  fields: FormField[];
  secrets: Record<string, boolean>;
}

/** The controls of a schema's fields. */
export function SchemaFields({ fields, secrets }: Props) {
  return fields.map((field) =>
    field.control === 'group' ? (
      <fieldset key={field.name} className="stack">
        <legend className="label">{field.label}</legend>
        {field.description && <p className="hint">{field.description}</p>}
        <SchemaFields fields={field.fields} secrets={secrets} />
      </fieldset>
    ) : (
      <SchemaControl key={field.name} field={field} stored={secrets[field.name] ?? false} />
    ),
  );
}

function SchemaControl({ field, stored }: { field: FormField; stored: boolean }) {
  const { register, getFieldState, formState } = useFormContext();
  const error = getFieldState(field.name, formState).error?.message;
  const bound = register(field.name, { validate: (raw: unknown) => check(field, raw) || true });

  if (field.control === 'boolean') {
    return (
      <div className="field">
        <label className="check">
          <input
            type="checkbox"
            {...bound}
            aria-describedby={error ? `${field.name}-error` : undefined}
            aria-invalid={error ? true : undefined}
          />
          <span>
            <span className="label">{field.label}</span>
            {field.description && <span className="hint"> {field.description}</span>}
          </span>
        </label>
        {error && (
          <p className="problem" id={`${field.name}-error`}>
            {error}
          </p>
        )}
      </div>
    );
  }

  return (
    <Field label={field.label} hint={hint(field, stored)} error={error}>
      {(wiring) => {
        const all = { className: 'input', ...wiring, ...bound, 'aria-required': field.required || undefined };
        switch (field.control) {
          case 'choice':
            return (
              <select {...all}>
                {!field.required && <option value="" />}
                {field.schema.enum?.map((choice) => (
                  <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
                    {show(choice)}
                  </option>
                ))}
              </select>
            );
          case 'long':
          case 'lines':
          case 'json':
            return <textarea {...all} spellCheck={field.control === 'long'} />;
          case 'secret':
            return (
              <input
                {...all}
                type="password"
                autoComplete="new-password"
                placeholder={stored ? t('form.secret.keep') : ''}
              />
            );
          case 'number':
            return <input {...all} type="text" inputMode="decimal" autoComplete="off" />;
          default:
            return <input {...all} type="text" autoComplete="off" spellCheck={false} />;
        }
      }}
    </Field>
  );
}

function hint(field: FormField, stored: boolean): string {
  const parts = [field.description, bounds(field)];
  if (field.control === 'duration') parts.push(t('form.duration.hint'));
  if (field.control === 'lines') parts.push(t('form.lines.hint'));
  if (field.control === 'secret') parts.push(stored ? t('form.secret.stored') : t('form.secret.none'));
  return parts.filter(Boolean).join(' ');
}

function bounds({ schema, control }: FormField): string {
  if (control !== 'number') return '';
  const { minimum: min, maximum: max } = schema;
  if (min !== undefined && max !== undefined) return t('form.between', { min, max });
  if (min !== undefined) return t('form.atleast', { min });
  return max !== undefined ? t('form.atmost', { max }) : '';
}
