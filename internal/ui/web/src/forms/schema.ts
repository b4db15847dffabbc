import type { FieldProblem, JSONSchema } from '../api/types';
import { show } from '../show';
import { t } from '../strings';

/** What control a property gets. */
export type Control =
  'text' | 'secret' | 'number' | 'boolean' | 'choice' | 'duration' | 'long' | 'lines' | 'group' | 'json';

/** One property of a form. */
export interface FormField {
  /** Path in the values, as the form library writes it: `limits.burst`. */
  name: string;
  /** The same as a JSON pointer below the values: `/limits/burst`. */
  pointer: string;
  label: string;
  description: string;
  control: Control;
  schema: JSONSchema;
  required: boolean;
  fields: FormField[];
}

const maxDepth = 5;
const longText = 200;

/** The fields of an object schema, in the order it declares them. */
export function fieldsOf(schema: JSONSchema): FormField[] {
  return properties(resolve(schema, schema), schema, '', '', 0);
}

function properties(
  object: JSONSchema,
  root: JSONSchema,
  name: string,
  pointer: string,
  depth: number,
): FormField[] {
  return Object.entries(object.properties ?? {})
    .map(([key, given]) => ({ key, schema: resolve(given, root) }))
    .filter(({ schema }) => schema.readOnly !== true)
    .map(({ key, schema }) => {
      const at = name ? `${name}.${key}` : key;
      const to = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const control = controlOf(schema, depth);
      return {
        name: at,
        pointer: to,
        label: schema.title || words(key),
        description: schema.description ?? '',
        control,
        schema,
        required: object.required?.includes(key) ?? false,
        fields: control === 'group' ? properties(schema, root, at, to, depth + 1) : [],
      };
    });
}

function resolve(schema: JSONSchema, root: JSONSchema): JSONSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  const found = name ? root.$defs?.[name] : undefined;
  return found ? { ...found, ...schema } : schema;
}

/** The schema's type; a nullable one counts as what it is besides null. */
export function typeOf(schema: JSONSchema): string {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? ''];
  return types.find((type) => type !== 'null') ?? '';
}

function controlOf(schema: JSONSchema, depth: number): Control {
  if (schema.enum) return 'choice';
  switch (typeOf(schema)) {
    case 'boolean':
      return 'boolean';
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
      if (schema.writeOnly) return 'secret';
      if (schema.format === 'duration') return 'duration';
      return (schema.maxLength ?? 0) > longText ? 'long' : 'text';
    case 'array':
      return schema.items && typeOf(schema.items) === 'string' && !schema.items.enum ? 'lines' : 'json';
    case 'object':
      return schema.properties && depth < maxDepth ? 'group' : 'json';
    default:
      return 'json';
  }
}

/** `max_open_files` as a person writes it. */
export function words(key: string): string {
  const text = key.replace(/[_-]+/g, ' ').replace(/([a-z0-9])([A-Z])/g, '$1 $2');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const durationPart = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/;

/** Whether text is a duration such as `1m30s`, as Go writes it. */
export function isDuration(text: string): boolean {
  if (text === '0') return true;
  let rest = text;
  while (rest !== '') {
    const part = durationPart.exec(rest);
    if (!part) return false;
    rest = rest.slice(part[0].length);
    if (/^[+-]/.test(rest)) return false;
  }
  return text !== '';
}

/** What is wrong with a control's raw value, or "" when only the server can tell. */
export function check(field: FormField, raw: unknown): string {
  if (field.control === 'secret') return secretProblem(field.schema, raw);
  const empty = raw === '' || raw === undefined || raw === null || Number.isNaN(raw);
  if (empty && field.control !== 'boolean') return needsText(field) ? t('form.required') : '';
  switch (field.control) {
    case 'number':
      return numberProblem(field.schema, Number(raw));
    case 'duration':
      return isDuration(String(raw).trim()) ? '' : t('form.duration');
    case 'text':
    case 'long':
      return textProblem(field.schema, String(raw));
    case 'lines':
      return countProblem(field.schema, lines(raw).length);
    case 'json':
      return parses(String(raw)) ? '' : t('form.json');
    default:
      return '';
  }
}

// An empty string is a value of its own unless the schema asks for a length.
function needsText(field: FormField): boolean {
  if (field.control === 'lines') return (field.schema.minItems ?? 0) > 0;
  if (field.control === 'text' || field.control === 'long') return (field.schema.minLength ?? 0) > 0;
  if (field.required) return true;
  const nullable = Array.isArray(field.schema.type) && field.schema.type.includes('null');
  return !nullable && (field.control === 'duration' || field.control === 'number');
}

function secretProblem(schema: JSONSchema, raw: unknown): string {
  return typeof raw === 'string' && raw !== '' ? textProblem(schema, raw) : '';
}

function numberProblem(schema: JSONSchema, value: number): string {
  if (!Number.isFinite(value)) return t('form.number');
  if (typeOf(schema) === 'integer' && !Number.isInteger(value)) return t('form.integer');
  if (schema.minimum !== undefined && value < schema.minimum) return t('form.min', { min: schema.minimum });
  if (schema.maximum !== undefined && value > schema.maximum) return t('form.max', { max: schema.maximum });
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
    return t('form.above', { min: schema.exclusiveMinimum });
  if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum)
    return t('form.below', { max: schema.exclusiveMaximum });
  return '';
}

function textProblem(schema: JSONSchema, value: string): string {
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength)
    return t('form.short', { count: schema.minLength });
  if (schema.maxLength !== undefined && length > schema.maxLength)
    return t('form.long', { count: schema.maxLength });
  return matchesPattern(schema.pattern, value) ? '' : t('form.pattern');
}

function matchesPattern(pattern: string | undefined, value: string): boolean {
  if (!pattern) return true;
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true; // written for another engine; the server decides
  }
}

function countProblem(schema: JSONSchema, count: number): string {
  if (schema.minItems !== undefined && count < schema.minItems)
    return t('form.few', { count: schema.minItems });
  if (schema.maxItems !== undefined && count > schema.maxItems)
    return t('form.many', { count: schema.maxItems });
  return '';
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function lines(raw: unknown): string[] {
  return String(raw)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

type Values = Record<string, unknown>;

/** Values as controls hold them: text for numbers, lines and JSON, nothing for secrets. */
export function toControls(fields: FormField[], values: Values): Values {
  return Object.fromEntries(
    fields.map((field) => {
      const key = last(field);
      const value = values[key] ?? field.schema.default;
      switch (field.control) {
        case 'group':
          return [key, toControls(field.fields, asObject(value))];
        case 'secret':
          return [key, ''];
        case 'boolean':
          return [key, value === true];
        case 'lines':
          return [key, Array.isArray(value) ? value.join('\n') : ''];
        case 'json':
          return [key, value === undefined ? '' : JSON.stringify(value, null, 2)];
        case 'choice':
          // What is none of the choices is no choice yet.
          return [key, field.schema.enum?.includes(value) ? JSON.stringify(value) : ''];
        default:
          return [key, typeof value === 'string' || typeof value === 'number' ? String(value) : ''];
      }
    }),
  );
}

/** Values as the server wants them; a secret that was not typed is absent, which keeps the stored one. */
export function fromControls(fields: FormField[], raw: Values): Values {
  const values: Values = {};
  for (const field of fields) {
    const key = last(field);
    const given = raw[key];
    const text = typeof given === 'string' ? given : '';
    switch (field.control) {
      case 'group':
        values[key] = fromControls(field.fields, asObject(given));
        break;
      case 'secret':
        if (text !== '') values[key] = text;
        break;
      case 'boolean':
        values[key] = given === true;
        break;
      case 'number':
        if (text.trim() !== '') values[key] = Number(text);
        break;
      case 'lines':
        values[key] = lines(text);
        break;
      case 'json':
      case 'choice':
        if (text !== '') values[key] = JSON.parse(text) as unknown;
        break;
      case 'duration':
        values[key] = text.trim();
        break;
      default:
        values[key] = text;
    }
  }
  return values;
}

function last(field: FormField): string {
  return field.name.slice(field.name.lastIndexOf('.') + 1);
}

function asObject(value: unknown): Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

/** Every field, groups opened. */
export function flat(fields: FormField[]): FormField[] {
  return fields.flatMap((field) => (field.control === 'group' ? flat(field.fields) : [field]));
}

/**
 * The field a server's problem is about: the one whose pointer it names, or the nearest above it. `below` is
 * where the values stand in the body, such as "/values".
 */
export function fieldOf(fields: FormField[], problem: FieldProblem, below: string): FormField | undefined {
  const pointer = problem.pointer.startsWith(below + '/')
    ? problem.pointer.slice(below.length)
    : problem.pointer;
  return flat(fields)
    .filter((field) => pointer === field.pointer || pointer.startsWith(field.pointer + '/'))
    .sort((a, b) => b.pointer.length - a.pointer.length)[0];
}

/** What people call the field with a path such as `smtp.host`, as {@link differences} says it. */
export function labelOf(fields: FormField[], name: string): string {
  for (const field of fields) {
    if (field.name === name) return field.label;
    if (field.control === 'group' && name.startsWith(field.name + '.'))
      return `${field.label}: ${labelOf(field.fields, name)}`;
  }
  return words(name); // of a version that had other fields
}

/** One difference between two sets of values, for a person to read before saving. */
export interface Difference {
  label: string;
  before: string;
  after: string;
}

/** What saving would change. */
export function differences(fields: FormField[], before: Values, after: Values): Difference[] {
  return fields.flatMap((field): Difference[] => {
    const key = last(field);
    if (field.control === 'group') {
      return differences(field.fields, asObject(before[key]), asObject(after[key])).map((difference) => ({
        ...difference,
        label: `${field.label}: ${difference.label}`,
      }));
    }
    if (field.control === 'secret') {
      return key in after
        ? [{ label: field.label, before: t('form.secret.old'), after: t('form.secret.new') }]
        : [];
    }
    const old = show(before[key]);
    const now = show(after[key]);
    return old === now ? [] : [{ label: field.label, before: old, after: now }];
  });
}
