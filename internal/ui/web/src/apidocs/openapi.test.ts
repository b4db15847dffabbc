import { describe, expect, it } from 'vitest';
import { limitsOf, typeOf } from './describe';
import { curl, example } from './example';
import { matches, read, resolve, type Operation, type RawDocument, type Schema } from './openapi';

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const raw: RawDocument = {
  info: { title: 'Acme', version: '1.0.0' },
  tags: [{ name: 'shop', description: 'Customers.' }, { name: 'unused' }],
  paths: {
    '/api/v1/m/shop/customers/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        operationId: 'customer',
        summary: 'One customer',
        tags: ['shop'],
        'x-permission': 'shop.customers.read',
        responses: {
          '200': { description: 'OK', content: { 'application/json': { schema: ref('Customer') } } },
          '404': { $ref: '#/components/responses/NotFound' },
        },
      },
      patch: {
        operationId: 'change-customer',
        tags: ['shop'],
        deprecated: true,
        parameters: [{ name: 'If-Match', in: 'header', required: true, schema: { type: 'string' } }],
        requestBody: {
          required: true,
          content: { 'application/merge-patch+json': { schema: ref('Customer') } },
        },
        responses: { '204': { description: 'No Content' } },
      },
    },
    '/api/v1/events': {
      get: {
        security: [],
        responses: {
          '200': {
            description: 'OK',
            content: { 'text/event-stream': { schema: { type: 'string' }, 'x-event-data': ref('Customer') } },
          },
        },
      },
    },
  },
  components: {
    responses: { NotFound: { description: 'Not Found', content: { 'application/problem+json': {} } } },
    schemas: {
      Customer: {
        type: 'object',
        required: ['name', 'friends'],
        properties: {
          id: { type: 'string', readOnly: true },
          name: { type: 'string', minLength: 1, maxLength: 80 },
          plan: { type: 'string', enum: ['free', 'team'] },
          friends: { type: 'array', items: ref('Customer') },
          parent: ref('Customer'),
          since: { type: ['string', 'null'], format: 'date-time' },
        },
      },
      Alias: ref('Customer'),
      Loop: ref('Loop'),
    },
  },
};
const docs = read(raw);
const { schemas } = docs;
const one = (id: string): Operation => {
  const found = docs.operations.get(id);
  if (!found) throw new Error(id);
  return found;
};

describe('the document', () => {
  it('is read by groups, of which the empty ones are left out', () => {
    expect(docs.groups.map((group) => [group.name, group.operations.map((found) => found.id)])).toEqual([
      ['shop', ['customer', 'change-customer']],
      ['', ['get-/api/v1/events']],
    ]);
  });

  it('tells who may call an operation', () => {
    expect(one('customer').permission).toBe('shop.customers.read');
    expect(one('customer').open).toBe(false);
    expect(one('get-/api/v1/events').open).toBe(true);
    expect(one('get-/api/v1/events').stream).toBe(true);
    expect(one('get-/api/v1/events').answers[0]?.body?.schema).toEqual(ref('Customer'));
    expect(one('change-customer').deprecated).toBe(true);
  });

  it('works in what a path and the components share', () => {
    expect(one('customer').parameters.map((parameter) => parameter.name)).toEqual(['id']);
    expect(one('change-customer').parameters.map((parameter) => parameter.name)).toEqual(['id', 'If-Match']);
    expect(one('customer').answers[1]).toMatchObject({ status: '404', description: 'Not Found' });
  });

  it('survives what it does not know', () => {
    expect(read({}).groups).toEqual([]);
    expect(read({ paths: { '/a': { get: {}, 'x-own': 1 } } }).operations.size).toBe(1);
  });

  it.each([
    ['customer one', ['customer']],
    ['SHOP.customers', ['customer']],
    ['if-match', ['change-customer']],
    ['patch', ['change-customer']],
    ['nothing at all', []],
  ])('searched for %s has %j', (wanted, want) => {
    const found = [...docs.operations.values()].filter((operation) => matches(operation, wanted));
    expect(found.map((operation) => operation.id)).toEqual(want);
  });
});

describe('a schema', () => {
  it('is found by its reference, also through another one, and a loop ends', () => {
    expect(resolve(schemas, ref('Alias')).type).toBe('object');
    expect(resolve(schemas, ref('Loop'))).toEqual({});
    expect(resolve(schemas, { ...ref('Customer'), description: 'beside' }).description).toBe('beside');
    expect(resolve(schemas, ref('Missing'))).toEqual({});
  });

  it.each<[Schema | undefined, string]>([
    [{ type: 'string', format: 'date-time' }, 'string (date-time)'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ type: 'array', items: { type: 'integer' } }, 'list of integer'],
    [{ type: 'array', items: ref('Customer') }, 'list of'],
    [{ oneOf: [{ type: 'string' }, { type: 'number' }] }, 'string | number'],
    [{}, 'any value'],
    [undefined, 'any value'],
  ])('%j is: %s', (schema, want) => {
    expect(typeOf(schemas, schema)).toBe(want);
  });

  it('has its limits in a few words', () => {
    const schema = {
      minimum: 1,
      maximum: 5,
      maxLength: 80,
      minItems: 2,
      maxItems: 2,
      pattern: '^a',
      default: 3,
    };
    expect(limitsOf({ ...schema, exclusiveMinimum: 0 })).toEqual([
      '1–5',
      '> 0',
      'length ≤ 80',
      '2 items',
      'pattern ^a',
      'default 3',
    ]);
  });
});

describe('an example', () => {
  it('has a value for everything, and ends where a schema contains itself', () => {
    expect(example(schemas, ref('Customer'))).toEqual({
      id: 'text',
      name: 'text',
      plan: 'free',
      friends: [],
      parent: null,
      since: '2026-01-31T12:00:00Z',
    });
    expect(example(schemas, ref('Loop'))).toEqual({});
  });

  it('of what is sent has only what must be there', () => {
    expect(example(schemas, ref('Customer'), { required: true })).toEqual({ name: 'text', friends: [] });
  });

  it('prefers what the schema names', () => {
    expect(example(schemas, { type: 'string', examples: ['one'] })).toBe('one');
    expect(example(schemas, { type: 'integer', default: 7 })).toBe(7);
    expect(example(schemas, { type: 'integer', minimum: 3 })).toBe(3);
    expect(example(schemas, { allOf: [{ type: 'object', properties: { a: { type: 'boolean' } } }] })).toEqual(
      {
        a: false,
      },
    );
  });

  it('as a command is quoted for a shell', () => {
    expect(curl(schemas, one('change-customer'), 'https://acme.example')).toBe(
      [
        `curl -X PATCH 'https://acme.example/api/v1/m/shop/customers/{id}'`,
        `-H "Authorization: Bearer $DASHBOARD_KEY"`,
        `-H 'If-Match: text'`,
        `-H 'Content-Type: application/merge-patch+json'`,
        `-d '{\n  "name": "text",\n  "friends": []\n}'`,
      ].join(' \\\n  '),
    );
    expect(curl(schemas, one('get-/api/v1/events'), '')).toBe(`curl -N '/api/v1/events'`);
    const quoted: Operation = {
      ...one('change-customer'),
      parameters: [],
      body: { type: 'application/json', types: [], required: true, schema: { const: "it's" } },
    };
    expect(curl(schemas, quoted, '')).toContain(`-d '"it'\\''s"'`);
  });
});
