import { useId, useState, type KeyboardEvent, type SubmitEvent } from 'react';
import { Button } from '../parts/button';
import { show } from '../show';
import { t } from '../strings';
import { operatorsOf, wantsValue, writeAll, type Condition, type Operator } from './filter';
import type { FieldType, ResourceField } from './types';

interface Props {
  fields: ResourceField[];
  filter: string;
  /** What the builder can read of the filter; null when only its text says it all. */
  conditions: Condition[] | null;
  /** Which condition is edited; one past the last is a new one. */
  at: number;
  /** With a filter it is applied, without one nothing changes. */
  onDone: (filter?: string) => void;
}

/** Edits one condition of a filter by field, comparison and value, or the whole filter as text. */
export function FilterEditor({ fields, filter, conditions, at, onDone }: Props) {
  const [raw, setRaw] = useState(conditions === null);
  const leave = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onDone();
  };
  return (
    <div className="filter-editor" role="group" aria-label={t('resource.filter')} onKeyDown={leave}>
      {raw || !conditions ? (
        <RawFilter filter={filter} onDone={onDone} />
      ) : (
        <Builder fields={fields} conditions={conditions} at={at} onDone={onDone} />
      )}
      {conditions && (
        <button
          type="button"
          className="link small"
          onClick={() => {
            setRaw(!raw);
          }}
        >
          {raw ? t('resource.filter.built') : t('resource.filter.raw')}
        </button>
      )}
    </div>
  );
}

function RawFilter({ filter, onDone }: Pick<Props, 'filter' | 'onDone'>) {
  const id = useId();
  const [text, setText] = useState(filter);
  return (
    <form
      className="filter-row"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(text.trim());
      }}
    >
      <div className="field grow">
        <label htmlFor={id}>{t('resource.filter.text')}</label>
        <input
          id={id}
          className="input mono"
          autoFocus
          autoComplete="off"
          spellCheck={false}
          maxLength={2048}
          aria-describedby={id + 'h'}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
        <p id={id + 'h'} className="hint">
          {t('resource.filter.text.hint')}
        </p>
      </div>
      <Buttons onDone={onDone} />
    </form>
  );
}

function Builder({
  fields,
  conditions,
  at,
  onDone,
}: Omit<Props, 'filter' | 'conditions'> & { conditions: Condition[] }) {
  const id = useId();
  const filterable = fields.filter((field) => field.filter && operatorsOf(field).length > 0);
  const [condition, setCondition] = useState(() => conditions[at] ?? fresh(filterable[0]));
  const field = filterable.find((one) => one.name === condition.field);
  const operators = field ? operatorsOf(field) : [];
  // One that was written by hand may not be among those offered.
  const offered = operators.includes(condition.operator) ? operators : [condition.operator, ...operators];
  const apply = (event: SubmitEvent) => {
    event.preventDefault();
    const next = [...conditions];
    next[at] = condition;
    onDone(writeAll(next));
  };
  return (
    <form className="filter-row" onSubmit={apply}>
      <div className="field">
        <label htmlFor={id + 'f'}>{t('resource.filter.field')}</label>
        <select
          id={id + 'f'}
          className="input"
          autoFocus
          value={condition.field}
          onChange={(event) => {
            setCondition(fresh(filterable.find((one) => one.name === event.target.value)));
          }}
        >
          {filterable.map((one) => (
            <option key={one.name} value={one.name}>
              {one.title}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={id + 'o'}>{t('resource.filter.operator')}</label>
        <select
          id={id + 'o'}
          className="input"
          value={condition.operator}
          onChange={(event) => {
            setCondition({ ...condition, operator: event.target.value as Operator });
          }}
        >
          {offered.map((operator) => (
            <option key={operator} value={operator}>
              {operatorName(field?.type, operator)}
            </option>
          ))}
        </select>
      </div>
      {field && wantsValue(condition.operator) && (
        <div className="field">
          <label htmlFor={id + 'v'}>{t('resource.filter.value')}</label>
          <Value
            id={id + 'v'}
            field={field}
            value={condition.value}
            onChange={(value) => {
              setCondition({ ...condition, value });
            }}
          />
        </div>
      )}
      <Buttons onDone={onDone} />
    </form>
  );
}

function Buttons({ onDone }: Pick<Props, 'onDone'>) {
  return (
    <div className="row">
      <Button type="submit" look="primary">
        {t('resource.filter.apply')}
      </Button>
      <Button
        look="bare"
        onClick={() => {
          onDone();
        }}
      >
        {t('cancel')}
      </Button>
    </div>
  );
}

function fresh(field: ResourceField | undefined): Condition {
  if (!field) return { field: '', operator: 'eq', value: '' };
  const value = field.type === 'boolean' ? 'true' : (field.values?.[0] ?? '');
  return { field: field.name, operator: operatorsOf(field)[0] ?? 'eq', value };
}

interface ValueProps {
  id: string;
  field: ResourceField;
  value: string;
  onChange: (value: string) => void;
}

function Value({ id, field, value, onChange }: ValueProps) {
  const choices = field.type === 'boolean' ? ['true', 'false'] : field.values;
  if (choices) {
    return (
      <select
        id={id}
        className="input"
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {field.type === 'boolean' ? show(choice === 'true') : choice}
          </option>
        ))}
      </select>
    );
  }
  if (field.type === 'time') {
    return (
      <input
        id={id}
        className="input"
        type="datetime-local"
        required
        value={toLocal(value)}
        onChange={(event) => {
          const at = new Date(event.target.value);
          onChange(Number.isNaN(at.getTime()) ? '' : at.toISOString());
        }}
      />
    );
  }
  const number = field.type === 'integer' || field.type === 'number';
  return (
    <input
      id={id}
      className="input"
      type="text"
      inputMode={number ? 'decimal' : undefined}
      pattern={number ? '-?\\d+(\\.\\d+)?' : undefined}
      required
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={(event) => {
        onChange(event.target.value);
      }}
    />
  );
}

/** A moment as the control wants it: local time without a zone. */
function toLocal(value: string): string {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return '';
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** A comparison in words; of moments one says before and after. */
export function operatorName(type: FieldType | undefined, operator: Operator): string {
  if (type === 'time') {
    switch (operator) {
      case 'lt':
        return t('resource.op.before');
      case 'le':
        return t('resource.op.until');
      case 'gt':
        return t('resource.op.after');
      case 'ge':
        return t('resource.op.since');
    }
  }
  return t(`resource.op.${operator}`);
}
