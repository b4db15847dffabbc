import type { ReactNode } from 'react';
import { measured, number } from '../format';
import { Moment } from '../parts/moment';

const numeric = new Set(['number', 'bytes', 'percent', 'duration']);

/** Whether a column's values are compared by their digits and so stand at the end of the cell. */
export function isNumeric(kind = 'text'): boolean {
  return numeric.has(kind);
}

/** A cell's value as its column's kind says. */
export function cell(kind: string | undefined, value: unknown): ReactNode {
  if (value === null || value === undefined || value === '') return <span className="dim">–</span>;
  if (kind === 'time' && (typeof value === 'string' || typeof value === 'number')) {
    return <Moment at={typeof value === 'number' ? new Date(value * 1000).toISOString() : value} />;
  }
  if (typeof value === 'number') {
    switch (kind) {
      case 'bytes':
        return measured(value, 'bytes');
      case 'percent':
        return measured(value, 'percent');
      case 'duration':
        return measured(value, 'seconds');
      default:
        return number(value);
    }
  }
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}
