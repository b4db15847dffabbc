import { createModels } from './ai.mjs';
import { dataPermissions, dataRoutes } from './data.mjs';
import { createLimits } from './limits.mjs';
import { createModules } from './modules.mjs';
import { Problem, invalid } from './problem.mjs';
import { shellRoutes } from './shell.mjs';
import { createSystem } from './system.mjs';

const password = 'correct horse battery staple';
const scripts = {
  hello: `export const apiVersion = 1;
export function mount(el, ctx) {
  const p = document.createElement('p');
  p.textContent = 'Hello from a module script, ' + ctx.theme + ' theme.';
  p.dataset.mounted = 'true';
  el.append(p);
  return () => p.remove();
}`,
  broken: `export const apiVersion = 1;
export function mount() { throw new Error('broken on purpose'); }`,
};

/** The API of the stand-in. */
export function createAPI({ account, only }) {
  const state = createModules({ only });
  const setupToken = 'mock-setup-token';
  let user = account ? { id: 'u1', email: 'ada@example.com', name: 'Ada Lovelace', roles: ['owner'] } : null;
  let secret = password;
  let faults = [];
  let access = new Set();
  let refreshes = new Set();
  let sessions = [];
  const streams = new Set();
  const audit = [];
  const heartbeat = setInterval(() => streams.forEach((stream) => stream.write(': \n\n')), 15_000);
  heartbeat.unref();

  const emit = (event, data) =>
    streams.forEach((stream) => stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  const note = (action, target, detail = {}) =>
    audit.unshift({
      id: String(audit.length + 1),
      at: new Date().toISOString(),
      actor: user?.email ?? '',
      action,
      target,
      detail,
    });

  const limits = createLimits({ emit, note, sample: account });

  for (let i = 0; i < 64; i++) note('settings.saved', 'system', { version: i });

  function grant(request, response) {
    const token = Math.random().toString(36).slice(2);
    access.add(token);
    refreshes.add(token);
    const at = new Date().toISOString();
    sessions.forEach((session) => (session.current = false));
    sessions.unshift({
      id: token,
      created_at: at,
      last_used_at: at,
      expires_at: new Date(Date.now() + 30 * 86400e3).toISOString(),
      address: '127.0.0.1',
      user_agent: request.headers['user-agent'] ?? '',
      current: true,
    });
    if (sessions.length === 1) {
      sessions.push({
        ...sessions[0],
        id: 'phone',
        current: false,
        address: '203.0.113.7',
        user_agent:
          'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1',
        last_used_at: new Date(Date.now() - 26 * 3600e3).toISOString(),
      });
    }
    response.setHeader('Set-Cookie', [
      `mock-access=${token}; Path=/; HttpOnly; SameSite=Lax`,
      `mock-refresh=${token}; Path=/; HttpOnly; SameSite=Strict`,
    ]);
    return { user, expires_in: 300 };
  }

  const cookie = (request, name) => new RegExp(`${name}=([a-z0-9]+)`).exec(request.headers.cookie ?? '')?.[1];

  function signedIn(request) {
    if (!access.has(cookie(request, 'mock-access'))) {
      throw new Problem(401, 'unauthenticated', 'sign in', {}, { 'WWW-Authenticate': 'Bearer' });
    }
  }

  const open = {
    'GET api/v1/setup': () => ({ required: user === null }),
    'POST api/v1/setup': ({ body, request, response }) => {
      if (user || body.token !== setupToken)
        throw new Problem(403, 'setup-refused', 'the token is not valid');
      if (body.password.length < 15) {
        throw invalid([
          {
            pointer: '/password',
            code: 'too_short',
            detail: 'must have at least 15 characters',
            params: { value: '15', of: 'characters' },
          },
        ]);
      }
      user = { id: 'u1', email: body.email, name: body.name, roles: ['owner'] };
      secret = body.password;
      response.statusCode = 201;
      note('account.created', body.email);
      return grant(request, response);
    },
    'POST api/v1/auth/login': ({ body, request, response }) => {
      limits.take('login-address', '127.0.0.1', '127.0.0.1');
      if (!user || body.email !== user.email || body.password !== secret) {
        throw new Problem(401, 'invalid-credentials', 'email or password is wrong');
      }
      return grant(request, response);
    },
    'POST api/v1/auth/refresh': ({ request, response }) => {
      if (!refreshes.has(cookie(request, 'mock-refresh'))) throw new Problem(401, 'invalid-token', 'sign in');
      return grant(request, response);
    },
    'POST api/v1/auth/logout': ({ request }) => {
      access.delete(cookie(request, 'mock-access'));
      refreshes.delete(cookie(request, 'mock-refresh'));
      sessions = sessions.filter((session) => session.id !== cookie(request, 'mock-access'));
    },
  };

  const closed = [
    [
      'GET',
      /^api\/v1\/auth\/me$/,
      ({ request }) => ({
        ...user,
        permissions: [
          ...dataPermissions,
          'dashboard.system.manage',
          'dashboard.limits.read',
          'dashboard.limits.manage',
          'dashboard.api.read',
          'dashboard.ai.use',
          'dashboard.ai.read',
          'dashboard.ai.manage',
        ],
        session: sessions.find((one) => one.id === cookie(request, 'mock-access')) ?? sessions[0],
      }),
    ],
    ['GET', /^api\/v1\/auth\/me\/modules$/, () => ({ items: state.mine() })],
    [
      'GET',
      /^api\/v1\/auth\/sessions$/,
      ({ request }) => ({
        items: sessions.map((one) => ({ ...one, current: one.id === cookie(request, 'mock-access') })),
      }),
    ],
    [
      'DELETE',
      /^api\/v1\/auth\/sessions\/(.+)$/,
      ({ match }) => {
        access.delete(match[1]);
        refreshes.delete(match[1]);
        emit('session-ended', {});
        sessions = sessions.filter((session) => session.id !== match[1]);
        note('session.revoked', match[1]);
      },
    ],
    ['GET', /^api\/v1\/modules$/, () => ({ items: state.modules })],
    [
      'GET',
      /^api\/v1\/modules\/([^/]+)$/,
      ({ match, response }) => {
        const found = state.find(match[1]);
        response.setHeader('ETag', `"${found.generation}"`);
        return found;
      },
    ],
    [
      'GET',
      /^api\/v1\/modules\/([^/]+)\/plan$/,
      ({ match, url }) =>
        state.plan(match[1], url.searchParams.get('op'), url.searchParams.get('cascade') === 'true'),
    ],
    [
      'GET',
      /^api\/v1\/modules\/([^/]+)\/settings$/,
      ({ response }) => {
        response.setHeader('ETag', `"${state.settings.version}"`);
        return state.settings;
      },
    ],
    ['GET', /^api\/v1\/modules\/([^/]+)\/settings\/schema$/, () => state.settingsSchema],
    ['GET', /^api\/v1\/modules\/([^/]+)\/settings\/history$/, () => ({ items: state.history })],
    [
      'PUT',
      /^api\/v1\/modules\/([^/]+)\/settings$/,
      ({ match, body, request, response }) => {
        const tag = request.headers['if-match'];
        if (!tag) throw new Problem(428, 'precondition-required', 'If-Match is required');
        if (tag !== `"${state.settings.version}"`) throw new Problem(412, 'stale', 'precondition failed');
        state.save(body.values);
        emit('settings', { id: match[1], version: state.settings.version });
        note('settings.saved', match[1], { version: state.settings.version });
        response.setHeader('ETag', `"${state.settings.version}"`);
        return state.settings;
      },
    ],
    [
      'POST',
      /^api\/v1\/modules\/([^/]+)\/settings\/rollback$/,
      ({ match, body }) => {
        const wanted = state.history.find((one) => one.version === body.version);
        if (!wanted && body.version !== 0) throw new Problem(404, 'not-found', 'not found');
        state.save(structuredClone(wanted?.values ?? state.defaults));
        emit('settings', { id: match[1], version: state.settings.version });
        return state.settings;
      },
    ],
    [
      'POST',
      /^api\/v1\/modules\/([^/]+)\/([a-z]+)$/,
      ({ match, url, request, response }) => {
        const done = state.act(match[1], match[2], {
          cascade: url.searchParams.get('cascade') === 'true',
          ifMatch: request.headers['if-match'],
        });
        response.statusCode = done.steps.length > 0 ? 202 : 200;
        for (const one of done.changed)
          emit('module', { id: one.id, state: one.state, generation: one.generation });
        note(`module.${match[2]}`, match[1]);
        return { generation: done.generation, steps: done.steps };
      },
    ],
    ['GET', /^api\/v1\/panels$/, () => ({ items: state.panels() })],
    [
      'GET',
      /^api\/v1\/m\/([^/]+)\/panels\/([^/]+)$/,
      ({ match, url }) => state.data(match[1], match[2], url.searchParams.get('range')),
    ],
    [
      'POST',
      /^api\/v1\/m\/([^/]+)\/panels\/([^/]+)$/,
      ({ body }) => {
        if (/nonsense/.test(body.text))
          throw invalid([{ pointer: '/text', code: 'sense', detail: 'must make sense' }]);
        return { message: 'Published.' };
      },
    ],
    [
      'GET',
      /^api\/v1\/audit$/,
      ({ url }) => {
        const from = Number(url.searchParams.get('cursor') ?? 0);
        const next = from + 50;
        return { items: audit.slice(from, next), ...(next < audit.length && { next_cursor: String(next) }) };
      },
    ],
  ];

  closed.push(...dataRoutes({ me: () => user, note }));
  closed.push(...shellRoutes({ me: () => user, note }));
  const system = createSystem();
  closed.push(...system.routes, ...limits.routes, ...createModels({ me: () => user }).routes);

  async function read(request) {
    let text = '';
    for await (const chunk of request) text += chunk;
    return text ? JSON.parse(text) : {};
  }

  function events(request, response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 2000\n\n');
    streams.add(response);
    request.on('close', () => streams.delete(response));
  }

  function send(response, status, body, headers = {}) {
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  function faulty(method, path) {
    const fault = faults.find(
      (one) =>
        (!one.method || one.method === method) && new RegExp(one.path).test(path) && (one.times ?? 1) > 0,
    );
    if (fault) fault.times = (fault.times ?? 1) - 1;
    return fault;
  }

  async function handle(request, response, path, url) {
    const fault = faulty(request.method, path);
    if (fault) {
      const problem = new Problem(fault.status, fault.slug ?? 'fault', 'a fault on demand', fault.body);
      return send(response, fault.status, problem.body, fault.headers);
    }
    try {
      const script = /^m\/([^/]+)\/assets\//.exec(path);
      if (script) {
        signedIn(request);
        response.writeHead(200, { 'Content-Type': 'text/javascript', 'X-Content-Type-Options': 'nosniff' });
        return response.end(scripts[script[1]]);
      }
      const given = { request, response, url, body: await read(request) };
      const result = await route(request.method, path, given);
      if (!response.headersSent && !response.destroyed)
        send(response, result === undefined ? 204 : response.statusCode, result);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      send(response, error.status, error.body, error.headers);
    }
  }

  function route(method, path, given) {
    const free = open[`${method} ${path}`];
    if (free) return free(given);
    signedIn(given.request);
    if (path === 'api/v1/events') return events(given.request, given.response);
    for (const [verb, pattern, answer] of closed) {
      const match = verb === method && pattern.exec(path);
      if (match) return answer({ ...given, match });
    }
    throw new Problem(404, 'not-found', 'not found');
  }

  async function control(request) {
    const wanted = await read(request);
    if (wanted.faults) faults = wanted.faults;
    if (wanted.sessions === false) {
      access = new Set();
      refreshes = new Set();
      streams.forEach((stream) => stream.end());
    }
    if (wanted.access === false) access = new Set();
    if (wanted.save) {
      state.save({ ...state.settings.values, ...wanted.save });
      emit('settings', { id: 'system', version: state.settings.version });
    }
    if (wanted.bump) state.find(wanted.bump).generation += 1;
    return wanted;
  }

  const close = () => {
    clearInterval(heartbeat);
    system.close();
  };
  return { handle, control, setupToken, close };
}
