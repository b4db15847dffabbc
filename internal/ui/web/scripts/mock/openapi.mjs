// A small document of OpenAPI 3.1 with one of everything that the pages of the API show.
const ref = (name) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema) => ({ 'application/json': { schema } });
const refusals = {
  401: { $ref: '#/components/responses/Unauthorized' },
  403: { $ref: '#/components/responses/Forbidden' },
  default: { $ref: '#/components/responses/Problem' },
};
const problem = (description) => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});
const limit = {
  name: 'limit',
  in: 'query',
  schema: { type: 'integer', format: 'int64', default: 50, minimum: 1, maximum: 200 },
};
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

export const openapi = {
  openapi: '3.1.0',
  info: { title: 'Acme operations', version: '0.2.0' },
  servers: [{ url: '/' }],
  security: [{ bearer: [] }, { cookie: [] }],
  tags: [
    { name: 'dashboard', description: 'Accounts, modules, settings, audit.' },
    { name: 'hello', description: 'An example: who was here.' },
  ],
  paths: {
    '/api/v1/audit': {
      get: {
        operationId: 'audit',
        summary: 'What was done, newest first',
        description: 'Entries are kept for a year.\nThe cursor of one page leads to the next.',
        tags: ['dashboard'],
        'x-permission': 'dashboard.audit.read',
        parameters: [
          limit,
          {
            name: 'cursor',
            in: 'query',
            description: 'next_cursor of the page before.',
            schema: { type: 'string', maxLength: 500 },
          },
          {
            name: 'action',
            in: 'query',
            schema: { type: 'string', enum: ['settings.saved', 'module.enable'] },
          },
        ],
        responses: { 200: { description: 'OK', content: json(ref('PageAuditInfo')) }, ...refusals },
      },
    },
    '/api/v1/events': {
      get: {
        operationId: 'events',
        summary: 'Changes the caller may see',
        tags: ['dashboard'],
        responses: {
          200: { description: 'OK', content: { 'text/event-stream': { schema: { type: 'object' } } } },
          ...refusals,
        },
      },
    },
    '/api/v1/modules/{id}': {
      get: {
        operationId: 'module',
        summary: 'One module',
        tags: ['dashboard'],
        'x-permission': 'dashboard.modules.read',
        parameters: [id],
        responses: {
          200: {
            description: 'OK',
            headers: {
              ETag: { description: 'The version of what is answered.', schema: { type: 'string' } },
            },
            content: json(ref('Module')),
          },
          ...refusals,
        },
      },
    },
    '/api/v1/users': {
      post: {
        operationId: 'create-user',
        summary: 'Make an account',
        tags: ['dashboard'],
        'x-permission': 'dashboard.users.manage',
        requestBody: { required: true, content: json(ref('CreateUserIn')) },
        responses: { 201: { description: 'Created', content: json(ref('User')) }, ...refusals },
      },
    },
    '/api/v1/users/{id}': {
      delete: {
        operationId: 'delete-user',
        summary: 'Delete an account',
        tags: ['dashboard'],
        deprecated: true,
        'x-permission': 'dashboard.users.manage',
        parameters: [id, { name: 'If-Match', in: 'header', required: true, schema: { type: 'string' } }],
        responses: { 204: { description: 'No Content' }, ...refusals },
      },
    },
    '/api/v1/setup': {
      get: {
        operationId: 'setup-state',
        summary: 'Whether the first account is still to be made',
        tags: ['dashboard'],
        security: [],
        responses: {
          200: {
            description: 'OK',
            content: json({
              type: 'object',
              properties: { required: { type: 'boolean' } },
              required: ['required'],
            }),
          },
        },
      },
    },
    '/api/v1/m/hello/entries': {
      get: {
        operationId: 'hello-get-entries',
        summary: 'The last entries',
        tags: ['hello'],
        'x-permission': 'hello.entry.read',
        parameters: [limit],
        responses: {
          200: { description: 'OK', content: json({ type: 'array', items: ref('Node') }) },
          ...refusals,
        },
      },
    },
  },
  components: {
    schemas: {
      AuditInfo: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          at: { type: 'string', format: 'date-time' },
          actor: ref('User'),
          detail: {},
        },
        required: ['id', 'at', 'actor'],
      },
      CreateUserIn: {
        type: 'object',
        properties: {
          email: { type: 'string', format: 'email', minLength: 1, maxLength: 254 },
          name: { type: 'string', maxLength: 200 },
          password: {
            description: 'Empty: the account cannot sign in with a password yet.',
            type: 'string',
            writeOnly: true,
          },
          roles: { type: 'array', maxItems: 50, items: { type: 'string' } },
        },
        required: ['email'],
        additionalProperties: false,
      },
      Module: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          state: { type: 'string', enum: ['available', 'installed', 'enabled', 'failed'] },
          requires: { type: 'array', items: ref('Requirement') },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
        },
        required: ['id', 'state', 'requires'],
      },
      Node: {
        description: 'A tree: every node holds nodes.',
        type: 'object',
        properties: {
          name: { type: 'string' },
          children: { type: 'array', items: ref('Node') },
          parent: ref('Node'),
        },
        required: ['name', 'children'],
      },
      PageAuditInfo: {
        type: 'object',
        properties: { items: { type: 'array', items: ref('AuditInfo') }, next_cursor: { type: 'string' } },
        required: ['items'],
      },
      Problem: {
        description: 'An error (RFC 9457).',
        type: 'object',
        properties: {
          type: { type: 'string', format: 'uri', examples: ['urn:dashboard:problem:not-found'] },
          title: { type: 'string' },
          status: { type: 'integer', minimum: 400, maximum: 599 },
          detail: { type: 'string' },
        },
        required: ['type', 'title', 'status'],
      },
      Requirement: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          constraint: { type: 'string', examples: ['>= 1.2'] },
          optional: { type: 'boolean' },
        },
        required: ['id'],
      },
      User: {
        type: 'object',
        properties: {
          id: { type: 'string', readOnly: true },
          email: { type: 'string', format: 'email' },
          name: { type: ['string', 'null'], maxLength: 200 },
          disabled: { type: 'boolean', default: false },
        },
        required: ['id', 'email'],
      },
    },
    responses: {
      Unauthorized: problem('Unauthorized'),
      Forbidden: problem('Forbidden'),
      Problem: problem('Any other error'),
    },
  },
};
