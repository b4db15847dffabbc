import { refName, resolve, type Operation, type Parameter, type Schema } from './openapi';

const maxDepth = 6;

const formats: Record<string, string> = {
  'date-time': '2026-01-31T12:00:00Z',
  date: '2026-01-31',
  email: 'ada@example.com',
  uri: 'https://example.com/',
  uuid: '3f1c2f4e-8c55-4c0e-9d5e-2f6f0a7c1b11',
  duration: '1h30m',
};

interface Options {
  /** Only what must be given, where anything must. */
  required?: boolean;
}

/** A value that fits a schema, made from its examples, defaults and kinds. A schema inside itself ends in nothing. */
export function example(
  schemas: Record<string, Schema>,
  schema: Schema | undefined,
  options: Options = {},
  inside: string[] = [],
): unknown {
  const name = refName(schema);
  if (inside.length > maxDepth || (name && inside.includes(name))) return null;
  const path = [...inside, name];
  const found = resolve(schemas, schema);
  if (found.examples?.length) return found.examples[0];
  if (found.default !== undefined) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum?.length) return found.enum[0];
  const choice = found.oneOf?.[0] ?? found.anyOf?.[0];
  if (choice) return example(schemas, choice, options, path);
  if (found.allOf) {
    const parts = found.allOf.map((part) => example(schemas, part, options, path));
    return Object.assign({}, ...parts.filter((part) => typeof part === 'object')) as unknown;
  }
  const type = Array.isArray(found.type) ? found.type.find((one) => one !== 'null') : found.type;
  switch (type) {
    case 'string':
      return formats[found.format ?? ''] ?? 'text';
    case 'integer':
    case 'number':
      return found.minimum ?? found.exclusiveMinimum ?? 0;
    case 'boolean':
      return false;
    case 'array': {
      if (typeof found.items !== 'object') return [];
      const item = example(schemas, found.items, options, path);
      return item === null ? [] : [item];
    }
    default:
      return object(schemas, found, options, path);
  }
}

function object(schemas: Record<string, Schema>, found: Schema, options: Options, path: string[]): unknown {
  const all = Object.entries(found.properties ?? {});
  const must = all.filter(([name]) => found.required?.includes(name));
  const wanted = options.required && must.length > 0 ? must : all;
  return Object.fromEntries(
    wanted
      .filter(([, property]) => !(options.required && property.readOnly))
      .map(([name, property]) => [name, example(schemas, property, options, path)]),
  );
}

/** A value for a parameter. */
function sample(schemas: Record<string, Schema>, parameter: Parameter): string {
  const value = example(schemas, parameter.schema);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}

/** The operation as a command line. `base` is the address of the mount, without a slash at its end. */
export function curl(schemas: Record<string, Schema>, one: Operation, base: string): string {
  const path = one.path.replace(/\{([^}]+)\}/g, (whole, name: string) => {
    const parameter = one.parameters.find((found) => found.in === 'path' && found.name === name);
    const value = parameter ? sample(schemas, parameter) : '';
    return value === '' || value === 'text' ? whole : encodeURIComponent(value);
  });
  const query = one.parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map((parameter) => `${parameter.name}=${encodeURIComponent(sample(schemas, parameter))}`)
    .join('&');
  const lines = [`curl ${method(one)}${quoted(base + path + (query && `?${query}`))}`];
  if (!one.open) lines.push('-H "Authorization: Bearer $DASHBOARD_KEY"');
  for (const parameter of one.parameters) {
    if (parameter.in === 'header' && parameter.required)
      lines.push(`-H ${quoted(`${parameter.name}: ${sample(schemas, parameter)}`)}`);
  }
  if (one.body) {
    lines.push(`-H ${quoted(`Content-Type: ${one.body.type}`)}`);
    lines.push(
      `-d ${quoted(JSON.stringify(example(schemas, one.body.schema, { required: true }), null, 2))}`,
    );
  }
  return lines.join(' \\\n  ');
}

function method(one: Operation): string {
  if (one.stream) return '-N ';
  return one.method === 'GET' ? '' : `-X ${one.method} `;
}

// A shell takes everything between single quotes as it is, except the quote itself.
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
