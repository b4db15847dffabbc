// Resources, users, roles and keys of the stand-in: as much of the server's lists as screens need to be looked at.
import { Problem, invalid } from './problem.mjs';

const given = [
  'Ada',
  'Bo',
  'Carla',
  'Dov',
  'Edith',
  'Farid',
  'Grace',
  'Hugo',
  'Ines',
  'Jan',
  'Katya',
  'Liam',
  'Mei',
];
const family = [
  'Abara',
  'Becker',
  'Castro',
  'Dubois',
  'Eriksen',
  'Fischer',
  'Garcia',
  'Haddad',
  'Ito',
  'Jansen',
];
const plans = ['free', 'team', 'enterprise'];
const day = 86_400e3;
const at = (ms) => new Date(ms).toISOString();

const permissions = [
  ['dashboard.modules.read', 'See modules'],
  ['dashboard.modules.manage', 'Install, enable, disable and remove modules'],
  ['dashboard.settings.read', 'See settings of modules'],
  ['dashboard.settings.manage', 'Change settings of modules'],
  ['dashboard.users.read', 'See users and roles'],
  ['dashboard.users.manage', 'Manage users and roles'],
  ['dashboard.audit.read', 'Read the audit log'],
  ['dashboard.system.read', 'See the system: version, instances, jobs and logs'],
  ['customers.customer.read', 'See customers'],
  ['customers.customer.write', 'Create, change and delete customers'],
  ['shop.invoices.read', 'See invoices'],
  ['shop.invoices.refund', 'Refund invoices'],
].map(([id, title]) => ({ id, title, module: id.split('.')[0] }));

const field = (name, title, type, more = {}) => ({
  name,
  title,
  type,
  list: true,
  filter: true,
  sort: true,
  read_only: false,
  operators:
    type === 'list'
      ? [':']
      : type === 'enum' || type === 'boolean'
        ? ['=', '!=', ':']
        : ['=', '!=', '<', '<=', '>', '>=', ':'],
  ...more,
});

const customerSchema = {
  type: 'object',
  required: ['name', 'email'],
  properties: {
    name: { type: 'string', title: 'Name', minLength: 1, maxLength: 100, default: '' },
    email: { type: 'string', title: 'Email', minLength: 1, maxLength: 200, format: 'email', default: '' },
    plan: { type: 'string', title: 'Plan', enum: plans, default: 'free' },
    seats: { type: 'integer', title: 'Seats', minimum: 0, maximum: 100_000, default: 0 },
    notes: { type: 'string', title: 'Notes', maxLength: 2000, default: '' },
  },
};

const descriptions = {
  'customers/customers': {
    module: 'customers',
    name: 'customers',
    title: 'Customers',
    singular: 'Customer',
    path: 'api/v1/m/customers/customers',
    key: 'id',
    label: 'name',
    may: { create: true, update: true, delete: true, export: true },
    search: true,
    search_hint: 'Name, Email',
    default_sort: '-created_at',
    fields: [
      field('id', 'ID', 'text', { sort: false, read_only: true }),
      field('name', 'Name', 'text'),
      field('email', 'Email', 'text', { filter: false }),
      field('plan', 'Plan', 'enum', { values: plans, sort: false }),
      field('seats', 'Seats', 'integer'),
      field('notes', 'Notes', 'text', { list: false, filter: false, sort: false }),
      field('created_at', 'Customer since', 'time', { read_only: true }),
    ],
    create_schema: customerSchema,
    update_schema: customerSchema,
    actions: [{ name: 'delete', title: 'Delete', danger: true }],
    export: ['csv', 'ndjson'],
  },
  'dashboard/users': {
    module: 'dashboard',
    name: 'users',
    title: 'Users',
    singular: 'user',
    path: 'api/v1/users',
    key: 'id',
    label: 'email',
    may: { create: true, update: true, delete: false, export: true },
    search: true,
    search_hint: 'Email, Name',
    default_sort: 'email',
    fields: [
      field('email', 'Email', 'text'),
      field('name', 'Name', 'text'),
      field('roles', 'Roles', 'list', { sort: false }),
      field('disabled', 'Disabled', 'boolean', { sort: false }),
      field('created_at', 'Created', 'time', { read_only: true }),
      field('last_login_at', 'Last sign-in', 'time', { read_only: true }),
    ],
    actions: [],
    export: ['csv', 'ndjson'],
  },
};

/** The routes of the stand-in's data; `me` is whoever is signed in. */
export function dataRoutes({ me, note }) {
  const customers = Array.from({ length: 1000 }, (_, i) => ({
    id: `sample-${String(i).padStart(7, '0')}`,
    name: `${given[i % given.length]} ${family[i % family.length]}`,
    email: `customer${i}@example.com`,
    plan: plans[i % 3],
    seats: (i * 7919) % 500,
    notes: '',
    created_at: at(Date.UTC(2020, 0, 1) + i * 60_000),
    version: 1,
  }));
  const users = Array.from({ length: 64 }, (_, i) => ({
    id: `u${i + 2}`,
    email: `${given[(i + 1) % 13]}.${family[(i * 5) % 10]}${i}@example.com`.toLowerCase(),
    name: `${given[(i + 1) % 13]} ${family[(i * 5) % 10]}`,
    roles: i % 6 === 0 ? [] : i % 4 === 0 ? ['support', 'viewer'] : ['viewer'],
    disabled: i % 9 === 4,
    created_at: at(Date.now() - (i + 3) * day),
    last_login_at: i % 7 === 3 ? undefined : at(Date.now() - i * 1.3 * day),
    version: 1,
  }));
  const roles = [
    { name: 'owner', title: 'Owner', permissions: ['*'], inherits: [], built_in: true },
    { name: 'viewer', title: 'Viewer', permissions: ['*.*.read'], inherits: [], built_in: true },
    {
      name: 'support',
      title: 'Support',
      permissions: ['customers.customer.write', 'shop.old.read'],
      inherits: ['viewer'],
      built_in: false,
    },
    { name: 'billing', title: 'Billing', permissions: ['shop.*'], inherits: ['viewer'], built_in: false },
  ].map((role) => ({ ...role, version: 1 }));
  const keys = [
    {
      id: 'k1',
      name: 'Nightly import',
      prefix: 'dsh_4fK2',
      permissions: ['customers.customer.read', 'customers.customer.write'],
      created_at: at(Date.now() - 40 * day),
      expires_at: at(Date.now() + 20 * day),
      last_used_at: at(Date.now() - 3600e3),
    },
    {
      id: 'k2',
      name: 'Old dashboard',
      prefix: 'dsh_9aQz',
      permissions: ['dashboard.audit.read'],
      created_at: at(Date.now() - 400 * day),
      expires_at: at(Date.now() - 35 * day),
    },
  ];

  const allUsers = () =>
    me()
      ? [
          {
            ...me(),
            disabled: false,
            created_at: at(Date.now() - 90 * day),
            last_login_at: at(Date.now()),
            version: 1,
          },
          ...users,
        ]
      : users;
  const out = ({ version, ...item }) => item;
  const tag = (response, item) => response.setHeader('ETag', `"${item.version}"`);
  const find = (items, key, value) => {
    const found = items.find((item) => item[key] === value);
    if (!found) throw new Problem(404, 'not-found', 'not found');
    return found;
  };
  const guard = (request, item) => {
    const wanted = request.headers['if-match'];
    if (wanted && wanted !== `"${item.version}"`)
      throw new Problem(412, 'changed-meanwhile', 'precondition failed');
  };

  /** A list's page: prefix search, `a = b AND c:d*` only, one sort field, cursors that are offsets. */
  function page(items, url, searched, usual) {
    const get = (name) => url.searchParams.get(name) ?? '';
    const q = get('q').toLowerCase();
    let rows = items.filter((item) => !q || searched.some((key) => item[key].toLowerCase().startsWith(q)));
    for (const part of get('filter').split(' AND ').filter(Boolean)) {
      const found = /^(-?)([a-z_]+)\s*(!=|<=|>=|=|<|>|:)\s*"?(.*?)(\*?)"?$/.exec(part);
      if (!found)
        throw invalid([
          { pointer: '/filter', code: 'filter', detail: `There is no field ${part} to filter by.` },
        ]);
      if (!(found[2] in items[0]))
        throw new Problem(400, 'bad-filter', 'bad request', {
          detail: `There is no field ${found[2]} to filter by.`,
        });
      rows = rows.filter((item) => holds(item[found[2]], found) !== (found[1] === '-'));
    }
    const sort = get('sort') || usual;
    const key = sort.replace('-', '').split(',')[0];
    const way = sort.startsWith('-') ? -1 : 1;
    rows = [...rows].sort((a, b) => way * compare(a[key], b[key]));
    const from = Number(get('cursor') || 0);
    const limit = Number(get('limit') || 50);
    return {
      items: rows.slice(from, from + limit).map(out),
      ...(from + limit < rows.length && { next_cursor: String(from + limit) }),
    };
  }
  const compare = (a, b) => (a === b ? 0 : (a ?? '') < (b ?? '') ? -1 : 1);
  function holds(value, [, , , operator, wanted, star]) {
    if (operator === ':' && wanted === '') return value !== undefined && value !== '';
    if (Array.isArray(value)) return value.includes(wanted);
    if (star) return String(value ?? '').startsWith(wanted);
    const order = typeof value === 'number' ? value - Number(wanted) : compare(String(value ?? ''), wanted);
    return {
      '=': order === 0,
      ':': order === 0,
      '!=': order !== 0,
      '<': order < 0,
      '<=': order <= 0,
      '>': order > 0,
      '>=': order >= 0,
    }[operator];
  }

  function proper(body) {
    if (body.email && !body.email.includes('@'))
      throw invalid([{ pointer: '/email', code: 'email', detail: 'must be an email address' }]);
  }

  function patch(item, body, request, response) {
    guard(request, item);
    Object.assign(item, body);
    for (const [key, value] of Object.entries(body)) if (value === null) delete item[key];
    item.version++;
    tag(response, item);
    return out(item);
  }

  return [
    [
      'GET',
      /^api\/v1\/resources$/,
      () => ({
        items: Object.values(descriptions).map(({ module, name, title, path }) => ({
          module,
          name,
          title,
          path,
        })),
      }),
    ],
    [
      'GET',
      /^api\/v1\/resources\/([^/]+\/[^/]+)$/,
      ({ match }) => {
        if (!descriptions[match[1]]) throw new Problem(404, 'not-found', 'not found');
        return descriptions[match[1]];
      },
    ],
    [
      'GET',
      /^api\/v1\/m\/customers\/customers$/,
      ({ url }) => page(customers, url, ['name', 'email'], '-created_at'),
    ],
    [
      'POST',
      /^api\/v1\/m\/customers\/customers$/,
      ({ body, response }) => {
        proper(body);
        const made = {
          id: `c${customers.length + 1}`,
          storage: 0,
          tags: [],
          ...body,
          created_at: at(Date.now()),
          version: 1,
        };
        customers.push(made);
        note('customers.created', made.id);
        response.statusCode = 201;
        tag(response, made);
        return out(made);
      },
    ],
    [
      'POST',
      /^api\/v1\/m\/customers\/customers\/actions\/(\w+)$/,
      ({ body }) => ({
        results: body.ids.map((id) => {
          const index = customers.findIndex((one) => one.id === id);
          if (index < 0)
            return { id, ok: false, error: { code: 'not-found', detail: 'It is not there any more.' } };
          customers.splice(index, 1);
          return { id, ok: true };
        }),
      }),
    ],
    [
      'GET',
      /^api\/v1\/m\/customers\/customers\/([^/]+)$/,
      ({ match, response }) => {
        const found = find(customers, 'id', match[1]);
        tag(response, found);
        return out(found);
      },
    ],
    [
      'PATCH',
      /^api\/v1\/m\/customers\/customers\/([^/]+)$/,
      ({ match, body, request, response }) => {
        proper(body);
        return patch(find(customers, 'id', match[1]), body, request, response);
      },
    ],
    [
      'DELETE',
      /^api\/v1\/m\/customers\/customers\/([^/]+)$/,
      ({ match, request }) => {
        const found = find(customers, 'id', match[1]);
        guard(request, found);
        customers.splice(customers.indexOf(found), 1);
      },
    ],
    ['POST', /^api\/v1\/m\/customers\/samples$/, () => ({ customers: customers.length })],
    [
      'GET',
      /^api\/v1\/m\/customers\/customers\.(csv|ndjson)$/,
      ({ response }) => {
        response.writeHead(200, { 'Content-Type': 'text/csv; charset=utf-8' });
        response.end('id,name\r\n');
      },
    ],
    ['GET', /^api\/v1\/users$/, ({ url }) => page(allUsers(), url, ['email', 'name'], 'email')],
    [
      'POST',
      /^api\/v1\/users$/,
      ({ body, response }) => {
        if (allUsers().some((one) => one.email === body.email))
          throw new Problem(409, 'email-taken', 'conflict', {
            detail: 'Another account has this e-mail address.',
          });
        const made = {
          id: `u${users.length + 2}`,
          name: '',
          roles: [],
          ...body,
          disabled: false,
          created_at: at(Date.now()),
          version: 1,
        };
        delete made.password;
        users.push(made);
        response.statusCode = 201;
        tag(response, made);
        return out(made);
      },
    ],
    [
      'GET',
      /^api\/v1\/users\/([^/]+)$/,
      ({ match, response }) => {
        const found = find(allUsers(), 'id', match[1]);
        tag(response, found);
        return out(found);
      },
    ],
    [
      'PATCH',
      /^api\/v1\/users\/([^/]+)$/,
      ({ match, body, request, response }) => patch(find(users, 'id', match[1]), body, request, response),
    ],
    ['GET', /^api\/v1\/permissions$/, () => ({ items: permissions })],
    ['GET', /^api\/v1\/roles$/, () => ({ items: roles.map(out) })],
    [
      'GET',
      /^api\/v1\/roles\/([^/]+)$/,
      ({ match, response }) => {
        const found = find(roles, 'name', match[1]);
        tag(response, found);
        return out(found);
      },
    ],
    [
      'POST',
      /^api\/v1\/roles$/,
      ({ body, response }) => {
        if (roles.some((role) => role.name === body.name))
          throw new Problem(409, 'role-taken', 'conflict', { detail: 'Another role has this name.' });
        const made = { title: '', permissions: [], inherits: [], ...body, built_in: false, version: 1 };
        roles.push(made);
        response.statusCode = 201;
        tag(response, made);
        return out(made);
      },
    ],
    [
      'PATCH',
      /^api\/v1\/roles\/([^/]+)$/,
      ({ match, body, request, response }) => patch(find(roles, 'name', match[1]), body, request, response),
    ],
    [
      'DELETE',
      /^api\/v1\/roles\/([^/]+)$/,
      ({ match, request }) => {
        const found = find(roles, 'name', match[1]);
        guard(request, found);
        if (allUsers().some((one) => one.roles.includes(found.name)))
          throw new Problem(409, 'role-in-use', 'conflict', {
            detail: 'An account or a role still has this role.',
          });
        roles.splice(roles.indexOf(found), 1);
      },
    ],
    [
      'GET',
      /^api\/v1\/api-keys$/,
      () => ({
        items: keys.map((key) => ({ ...key, owner: { id: me()?.id, name: me()?.name, email: me()?.email } })),
      }),
    ],
    [
      'POST',
      /^api\/v1\/api-keys$/,
      ({ body, response }) => {
        const made = { id: `k${keys.length + 1}`, prefix: 'dsh_7Tq1', created_at: at(Date.now()), ...body };
        keys.unshift(made);
        response.statusCode = 201;
        return { id: made.id, key: `${made.prefix}mQ3vX8nLr2YwB6cZ0dKp_1kF9sA` };
      },
    ],
    [
      'DELETE',
      /^api\/v1\/api-keys\/([^/]+)$/,
      ({ match }) => {
        const found = find(keys, 'id', match[1]);
        keys.splice(keys.indexOf(found), 1);
      },
    ],
  ];
}

/** What the stand-in's account may do with them. */
export const dataPermissions = permissions.map((permission) => permission.id);
