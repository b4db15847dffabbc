// The part of OpenAPI 3.1 that the server writes, made into what a person reads.

/** A schema as JSON Schema 2020-12 writes it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  format?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | boolean;
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  readOnly?: boolean;
  writeOnly?: boolean;
  deprecated?: boolean;
}

export interface Parameter {
  name: string;
  in: string;
  description?: string;
  required?: boolean;
  deprecated?: boolean;
  schema?: Schema;
}

type Content = Record<string, { schema?: Schema; 'x-event-data'?: Schema }>;

interface RawResponse {
  $ref?: string;
  description?: string;
  headers?: Record<string, { description?: string; schema?: Schema }>;
  content?: Content;
}

interface RawOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  deprecated?: boolean;
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content?: Content };
  responses?: Record<string, RawResponse>;
  'x-permission'?: string;
  'x-deprecated-since'?: string;
  'x-sunset'?: string;
}

/** The document as it comes. */
export interface RawDocument {
  info?: { title?: string; version?: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths?: Record<string, Record<string, unknown>>;
  components?: { schemas?: Record<string, Schema>; responses?: Record<string, RawResponse> };
}

/** A body; of a stream, what its events hold. */
export interface Body {
  /** The content type that examples are in. */
  type: string;
  /** All of them. */
  types: string[];
  schema?: Schema;
  required: boolean;
}

export interface Answer {
  status: string;
  description: string;
  body: Body | undefined;
  headers: { name: string; description: string }[];
}

/** One operation, with everything it shares with its path and the document worked in. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  tag: string;
  deprecated: boolean;
  /** Since when, and when it ends; empty where nobody said. */
  since: string;
  sunset: string;
  /** Callers need no session. */
  open: boolean;
  permission: string;
  parameters: Parameter[];
  body: Body | undefined;
  answers: Answer[];
  /** It answers with an event stream. */
  stream: boolean;
}

export interface Group {
  name: string;
  description: string;
  operations: Operation[];
}

/** The document as the page shows it. */
export interface Docs {
  title: string;
  version: string;
  description: string;
  groups: Group[];
  operations: Map<string, Operation>;
  schemas: Record<string, Schema>;
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

/** Reads the server's document. */
export function read(raw: RawDocument): Docs {
  const operations = Object.entries(raw.paths ?? {}).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method])
      .map((method) => operation(raw, path, method, item[method] as RawOperation, item['parameters'])),
  );
  const tags = new Map((raw.tags ?? []).map((tag) => [tag.name, tag.description ?? '']));
  for (const one of operations) if (!tags.has(one.tag)) tags.set(one.tag, '');
  const groups = [...tags].map(([name, description]) => ({
    name,
    description,
    operations: operations.filter((one) => one.tag === name),
  }));
  return {
    title: raw.info?.title ?? '',
    version: raw.info?.version ?? '',
    description: raw.info?.description ?? '',
    groups: groups.filter((group) => group.operations.length > 0),
    operations: new Map(operations.map((one) => [one.id, one])),
    schemas: raw.components?.schemas ?? {},
  };
}

function operation(
  doc: RawDocument,
  path: string,
  method: string,
  raw: RawOperation,
  shared: unknown,
): Operation {
  const answers = Object.entries(raw.responses ?? {}).map(([status, response]) =>
    answer(doc, status, response),
  );
  return {
    id: raw.operationId ?? `${method}-${path}`,
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? path,
    description: raw.description ?? '',
    tag: raw.tags?.[0] ?? '',
    deprecated: raw.deprecated ?? false,
    since: raw['x-deprecated-since'] ?? '',
    sunset: raw['x-sunset'] ?? '',
    open: raw.security?.length === 0,
    permission: raw['x-permission'] ?? '',
    parameters: [...(Array.isArray(shared) ? (shared as Parameter[]) : []), ...(raw.parameters ?? [])],
    body: bodyOf(raw.requestBody?.content, raw.requestBody?.required),
    answers,
    stream: answers.some((one) => one.body?.type === 'text/event-stream'),
  };
}

function answer(doc: RawDocument, status: string, raw: RawResponse): Answer {
  const name = raw.$ref?.split('/').at(-1);
  const found = name === undefined ? raw : (doc.components?.responses?.[name] ?? raw);
  return {
    status,
    description: found.description ?? '',
    body: bodyOf(found.content),
    headers: Object.entries(found.headers ?? {}).map(([header, about]) => ({
      name: header,
      description: about.description ?? '',
    })),
  };
}

function bodyOf(content: Content | undefined, required = false): Body | undefined {
  const types = Object.keys(content ?? {});
  const [type] = types;
  if (type === undefined) return undefined;
  const found = content?.[type];
  const schema = found?.['x-event-data'] ?? found?.schema;
  return { type, types, required, ...(schema && { schema }) };
}

/** The name of the component a schema stands for; empty when it stands for itself. */
export function refName(schema: Schema | undefined): string {
  return schema?.$ref?.startsWith('#/components/schemas/') ? (schema.$ref.split('/').at(-1) ?? '') : '';
}

/** The schema that a reference names, or the schema itself. References may lead to references; a loop ends nowhere. */
export function resolve(schemas: Record<string, Schema>, schema: Schema | undefined): Schema {
  const seen = new Set<string>();
  let found = schema ?? {};
  for (let name = refName(found); name; name = refName(found)) {
    // What stands beside a reference adds to it.
    const { ...beside } = found;
    delete beside.$ref;
    found = seen.has(name) ? beside : { ...schemas[name], ...beside };
    seen.add(name);
  }
  return found;
}

/** Whether an operation has all words in its path, its names, or the names of what it takes and gives. */
export function matches(one: Operation, wanted: string): boolean {
  const text = [
    one.id,
    one.method,
    one.path,
    one.summary,
    one.description,
    one.tag,
    one.permission,
    refName(one.body?.schema),
    ...one.answers.map((found) => refName(found.body?.schema)),
    ...one.parameters.map((parameter) => parameter.name),
  ]
    .join(' ')
    .toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
