import { t } from '../strings';
import { refName, resolve, type Schema } from './openapi';

/** A schema's kind in a few words; the name of a component is said beside it. */
export function typeOf(schemas: Record<string, Schema>, schema: Schema | undefined): string {
  if (!schema) return t('docs.any');
  const found = resolve(schemas, schema);
  const types = Array.isArray(found.type) ? found.type : found.type ? [found.type] : [];
  if (types.includes('array')) {
    const inner = typeof found.items === 'object' ? found.items : undefined;
    const of = refName(inner) ? '' : typeOf(schemas, inner);
    return or(t('docs.list', { of }).trim(), types);
  }
  const choice = found.oneOf ?? found.anyOf;
  if (choice) return choice.map((one) => typeOf(schemas, one)).join(' | ');
  const own = types.filter((type) => type !== 'null').join(' | ');
  if (!own) return found.properties ? 'object' : t('docs.any');
  return or(found.format ? `${own} (${found.format})` : own, types);
}

function or(text: string, types: string[]): string {
  return types.includes('null') ? `${text} | null` : text;
}

/** What a value must keep to, each in a few words. */
export function limitsOf(schema: Schema): string[] {
  const found: string[] = [];
  const range = between(schema.minimum, schema.maximum);
  const length = between(schema.minLength, schema.maxLength);
  const items = between(schema.minItems, schema.maxItems);
  if (range) found.push(range);
  if (schema.exclusiveMinimum !== undefined) found.push(`> ${String(schema.exclusiveMinimum)}`);
  if (schema.exclusiveMaximum !== undefined) found.push(`< ${String(schema.exclusiveMaximum)}`);
  if (length) found.push(t('docs.limit.length', { range: length }));
  if (items) found.push(t('docs.limit.items', { range: items }));
  if (schema.pattern) found.push(t('docs.limit.pattern', { pattern: schema.pattern }));
  if (schema.default !== undefined)
    found.push(t('docs.limit.default', { value: JSON.stringify(schema.default) }));
  return found;
}

function between(low: number | undefined, high: number | undefined): string {
  if (low !== undefined && high !== undefined)
    return low === high ? String(low) : `${String(low)}–${String(high)}`;
  if (low !== undefined) return `≥ ${String(low)}`;
  return high === undefined ? '' : `≤ ${String(high)}`;
}
