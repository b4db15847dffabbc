import { useRef, useState } from 'react';
import { absolute } from '../format';
import { Button } from '../parts/button';
import { CloseIcon } from '../parts/icons';
import { show } from '../show';
import { t } from '../strings';
import { parse, wantsValue, writeAll, type Condition } from './filter';
import { FilterEditor, operatorName } from './filter-editor';
import type { ResourceField } from './types';

interface Props {
  fields: ResourceField[];
  filter: string;
  onChange: (filter: string) => void;
}

/** The filter as one chip a condition, and the way to add, change and remove each. */
export function FilterBar({ fields, filter, onChange }: Props) {
  const [editing, setEditing] = useState<number | null>(null);
  const add = useRef<HTMLButtonElement>(null);
  const conditions = parse(filter, fields);
  const done = (next?: string) => {
    setEditing(null);
    if (next !== undefined && next !== filter) onChange(next);
    add.current?.focus();
  };
  return (
    <>
      <div className="chips" role="group" aria-label={t('resource.filters')}>
        {conditions?.map((condition, index) => (
          <Chip
            key={index}
            text={sentence(condition, fields)}
            onEdit={() => {
              setEditing(index);
            }}
            onRemove={() => {
              done(writeAll(conditions.filter((_, other) => other !== index)));
            }}
          />
        ))}
        {!conditions && (
          <Chip
            text={filter}
            mono
            onEdit={() => {
              setEditing(0);
            }}
            onRemove={() => {
              done('');
            }}
          />
        )}
        <button
          ref={add}
          type="button"
          className="button"
          aria-expanded={editing !== null}
          onClick={() => {
            setEditing(editing === null ? (conditions?.length ?? 0) : null);
          }}
        >
          {t('resource.filter')}
        </button>
      </div>
      {editing !== null && (
        <FilterEditor
          key={editing}
          fields={fields}
          filter={filter}
          conditions={conditions}
          at={editing}
          onDone={done}
        />
      )}
    </>
  );
}

interface ChipProps {
  text: string;
  mono?: boolean;
  onEdit: () => void;
  onRemove: () => void;
}

function Chip({ text, mono = false, onEdit, onRemove }: ChipProps) {
  return (
    <span className="chip">
      <button
        type="button"
        className={mono ? 'mono' : undefined}
        aria-label={t('resource.filter.edit', { text })}
        onClick={onEdit}
      >
        {text}
      </button>
      <Button look="icon" aria-label={t('resource.filter.remove', { text })} onClick={onRemove}>
        <CloseIcon />
      </Button>
    </span>
  );
}

function sentence({ field: name, operator, value }: Condition, fields: ResourceField[]): string {
  const field = fields.find((one) => one.name === name);
  const parts = [field?.title ?? name, operatorName(field?.type, operator)];
  if (wantsValue(operator)) parts.push(field?.type === 'time' ? absolute(value) || value : spoken(value));
  return parts.join(' ');
}

function spoken(value: string): string {
  return value === 'true' || value === 'false' ? show(value === 'true') : show(value);
}
