import type { ResourceField } from './types';

/** The comparisons that the builder knows, by the names its words have. */
export type Operator = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'has' | 'prefix' | 'set' | 'unset';

/** One comparison of a filter. */
export interface Condition {
  field: string;
  operator: Operator;
  /** As a person writes it; nothing where the operator wants none. */
  value: string;
}

const symbols: Partial<Record<Operator, string>> = {
  eq: '=',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

const bare = /^(-?\d+(\.\d+)?|true|false)$/;

/** What a field can be compared by. */
export function operatorsOf(field: ResourceField): Operator[] {
  const declared = field.operators ?? ['='];
  const found: Operator[] = [];
  for (const [operator, symbol] of Object.entries(symbols) as [Operator, string][]) {
    // A moment is hardly ever exactly another.
    if (field.type === 'time' && (operator === 'eq' || operator === 'ne')) continue;
    // Text before or after other text is a question of order, not of the builder.
    if (field.type === 'text' && operator !== 'eq' && operator !== 'ne') continue;
    if (declared.includes(symbol)) found.push(operator);
  }
  if (!declared.includes(':')) return found;
  switch (field.type) {
    case 'list':
    case 'set':
      return [...found, 'has'];
    case 'text':
      return ['prefix', ...found, 'set', 'unset'];
    case 'boolean':
    case 'enum':
      return found;
    default:
      return [...found, 'set', 'unset'];
  }
}

/** Whether an operator compares with a value. */
export function wantsValue(operator: Operator): boolean {
  return operator !== 'set' && operator !== 'unset';
}

/** The filter's text of one condition. */
export function write({ field, operator, value }: Condition): string {
  switch (operator) {
    case 'set':
      return `${field}:*`;
    case 'unset':
      return `-${field}:*`;
    case 'has':
      return `${field}:${quote(value)}`;
    case 'prefix':
      return `${field}:${quote(value + '*')}`;
    default:
      return `${field} ${symbols[operator] ?? '='} ${bare.test(value) ? value : quote(value)}`;
  }
}

/** The filter's text of several conditions that all have to hold. */
export function writeAll(conditions: Condition[]): string {
  return conditions.map(write).join(' AND ');
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

const comparison =
  /^\s*(-|NOT\s+)?([a-z][a-z0-9_]*)\s*(!=|<=|>=|=|<|>|:)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'()]+)/;

/**
 * Reads a filter as a list of conditions that all have to hold, or null when it says more than the builder can show.
 */
export function parse(text: string, fields: ResourceField[]): Condition[] | null {
  const conditions: Condition[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const found = comparison.exec(rest);
    if (!found) return null;
    const [whole, not = '', name = '', symbol = '', raw = ''] = found;
    const field = fields.find((one) => one.name === name && one.filter);
    const condition = field && read(field, not !== '', symbol, raw);
    if (!condition) return null;
    conditions.push(condition);
    rest = rest.slice(whole.length);
    const joint = /^\s+AND\s+(?=\S)/.exec(rest);
    if (!joint && rest.trim() !== '') return null;
    rest = joint ? rest.slice(joint[0].length) : '';
  }
  return conditions;
}

function read(field: ResourceField, not: boolean, symbol: string, raw: string): Condition | null {
  if (symbol === ':' && raw === '*') return { field: field.name, operator: not ? 'unset' : 'set', value: '' };
  if (not) return null;
  const value = /^["']/.test(raw) ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw;
  if (symbol !== ':') {
    const operator = (Object.keys(symbols) as Operator[]).find((name) => symbols[name] === symbol);
    return operator ? { field: field.name, operator, value } : null;
  }
  if (field.type === 'list' || field.type === 'set') return { field: field.name, operator: 'has', value };
  return value.endsWith('*')
    ? { field: field.name, operator: 'prefix', value: value.slice(0, -1) }
    : { field: field.name, operator: 'eq', value };
}
