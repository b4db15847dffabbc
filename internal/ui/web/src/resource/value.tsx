import type { ReactNode } from 'react';
import { measured, number } from '../format';
import { Moment } from '../parts/moment';
import { show } from '../show';
import { t } from '../strings';
import type { ResourceField } from './types';

const numeric = new Set(['integer', 'number', 'duration']);

/** Whether a field's values are compared by their digits and so stand at the end of the cell. */
export function isNumeric(field: ResourceField): boolean {
  return numeric.has(field.type);
}

/** A field's value for a person. */
export function valueOf(field: ResourceField, value: unknown): ReactNode {
  if (value === null || value === undefined || value === '') return <Nothing />;
  switch (field.type) {
    case 'time':
      return typeof value === 'string' ? <Moment at={value} /> : show(value);
    case 'integer':
    case 'number':
    case 'duration':
      return quantity(field, value);
    case 'boolean':
      return value === true ? t('yes') : t('no');
    case 'enum':
      return <span className="badge plain">{show(value)}</span>;
    case 'list':
    case 'set':
      return Array.isArray(value) && value.length === 0 ? <Nothing /> : <Tags values={value} />;
    case 'object':
      return <code>{JSON.stringify(value)}</code>;
    default:
      return show(value);
  }
}

function quantity(field: ResourceField, value: unknown): string {
  if (typeof value !== 'number') return show(value);
  if (field.unit) return measured(value, field.unit);
  // An id or a year is no quantity: only what is not whole gets rounded.
  return field.type === 'integer'
    ? value.toLocaleString(undefined, { maximumFractionDigits: 0 })
    : number(value);
}

/** Several short values beside each other. */
function Tags({ values }: { values: unknown }) {
  if (!Array.isArray(values)) return show(values);
  return (
    <span className="tags">
      {values.map((value, index) => (
        <span key={index} className="badge plain">
          {show(value)}
        </span>
      ))}
    </span>
  );
}

/** Where there is no value. */
export function Nothing() {
  return (
    <span className="dim">
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">{t('form.empty')}</span>
    </span>
  );
}
