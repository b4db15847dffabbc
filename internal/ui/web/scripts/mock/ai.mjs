// Models of the stand-in: providers with a history, and an answer to every question, piece by piece.
import { Problem, invalid } from './problem.mjs';

const minute = 60_000;
const day = 86_400_000;
const ago = (ms) => new Date(Date.now() - ms).toISOString();
const usd = (micros, unknown = false) => ({ micros, currency: 'USD', unknown });

const models = [
  { name: 'fast', kind: 'alias' },
  { name: 'careful', kind: 'alias' },
  { name: 'openai/gpt-5-mini', provider: 'openai', kind: 'model' },
  { name: 'anthropic/claude-sonnet', provider: 'anthropic', kind: 'model' },
  { name: 'ollama/qwen3', provider: 'ollama', kind: 'model' },
];

function providers() {
  const one = (name, state, requests, failures, p50_ms, p95_ms, more = {}) => ({
    name,
    state,
    requests,
    failures,
    p50_ms,
    p95_ms,
    keys: [],
    ...more,
  });
  return {
    items: [
      one('openai', 'up', 1_204, 3, 412, 1_830, {
        keys: [
          { name: 'team-a', state: 'up' },
          { name: 'team-b', state: 'degraded' },
        ],
      }),
      one('anthropic', 'open', 96, 71, 940, 12_400, {
        last_error: { kind: 'overloaded', at: ago(minute) },
      }),
      one('ollama', 'unknown', 0, 0, 0, 0),
    ],
    fallbacks: 71,
    dropped: 0,
    routers: [
      {
        name: 'support',
        arms: [
          { name: 'openai/gpt-5-mini', asked: 812, mean: 0.81, weight: 64 },
          { name: 'anthropic/claude-sonnet', asked: 190, mean: 0.66, weight: 20 },
        ],
      },
    ],
    cache: { hits: 210, misses: 980, shared: 12, semantic: 40 },
  };
}

const sums = (weight, cost) => ({
  requests: Math.round(120 * weight),
  errors: Math.round(4 * weight),
  cached: Math.round(21 * weight),
  input: Math.round(98_000 * weight),
  output: Math.round(31_000 * weight),
  cost,
  p50_ms: 412.4,
  p95_ms: 2_130.8,
});

function usage(params) {
  const by = params.get('by') ?? 'day';
  const to = Date.parse(params.get('to') ?? ago(0).slice(0, 10));
  const from = Date.parse(params.get('from') ?? new Date(to - 29 * day).toISOString().slice(0, 10));
  const keys = {
    model: ['gpt-5-mini', 'claude-sonnet', 'qwen3'],
    provider: ['openai', 'anthropic', 'ollama'],
    user: ['u1', 'u2', ''],
    module: ['', 'assistant'],
    role: ['owner', 'viewer'],
    key: ['', 'k1'],
  }[by];
  const items = keys
    ? keys.map((key, at) => ({ key, ...sums(9 / (at + 1), usd(4_120_000 / (at + 1) ** 3, at === 2)) }))
    : Array.from({ length: (to - from) / day + 1 }, (_, at) => ({
        key: new Date(from + at * day).toISOString().slice(0, 10),
        ...sums(1 + Math.sin(at), usd(Math.round(610_000 * (1 + Math.sin(at))))),
      })).filter((_, at) => at % 5 !== 3);
  return {
    from: new Date(from).toISOString().slice(0, 10),
    to: new Date(to).toISOString().slice(0, 10),
    items,
    total: sums(16, usd(5_310_000)),
  };
}

function requests() {
  return Array.from({ length: 60 }, (_, at) => ({
    id: `r${at}`,
    at: ago(at * 3 * minute),
    user: at % 3 ? 'u1' : 'u2',
    key: '',
    roles: ['owner'],
    module: at % 4 ? '' : 'assistant',
    asked: at % 2 ? 'fast' : 'careful',
    provider: at % 7 === 6 ? '' : at % 2 ? 'openai' : 'anthropic',
    model: at % 7 === 6 ? '' : at % 2 ? 'gpt-5-mini' : 'claude-sonnet',
    prompt: at % 5 ? '' : 'summary@3',
    first_ms: 210,
    took_ms: 800 + 77 * at,
    usage: { input: 812 + at, output: 240, cached_input: 0, reasoning: 0, estimated: false },
    cost: usd(1_204 * (at + 1), at % 9 === 8),
    cache: ['miss', 'exact', 'miss', 'semantic'][at % 4],
    reason: at % 7 === 6 ? '' : 'stop',
    error: at % 7 === 6 ? 'overloaded' : '',
    http_status: at % 7 === 6 ? 529 : 0,
    attempts: Array.from({ length: at % 7 === 6 ? 3 : 1 }, () => ({ provider: 'openai', ok: true })),
    notes: [],
  }));
}

function page(all, params) {
  const start = Number(params.get('cursor') || 0);
  const next = start + Number(params.get('limit') || 50);
  return { items: all.slice(start, next), ...(next < all.length && { next_cursor: String(next) }) };
}

function budgets() {
  const until = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1)).toISOString();
  const one = (name, scope, used, more) => ({
    name,
    scope,
    period: 'month',
    models: [],
    used: { tokens: 0, micros: 0, ...used },
    by: [],
    until,
    ...more,
  });
  return [
    one('Company', 'all', { micros: 412_300_000 }, { micros: 500_000_000, currency: 'USD' }),
    one('Guests', 'role', { tokens: 101_400 }, { subject: 'viewer', tokens: 100_000, models: ['openai/*'] }),
    one(
      'Everyone',
      'user',
      {},
      {
        subject: '*',
        period: 'day',
        tokens: 50_000,
        by: [
          { subject: 'u1', tokens: 12_400, micros: 0 },
          { subject: 'u2', tokens: 800, micros: 0 },
        ],
      },
    ),
  ];
}

const accessRules = () => [
  { role: 'viewer', models: ['fast', 'ollama/*'] },
  { role: '*', models: [] },
];

/** What is kept by name and changed on what was seen of it. */
function createRules(kind, all) {
  const key = kind === 'access' ? 'role' : 'name';
  const versions = new Map();
  const tag = (name) => `"${versions.get(name) ?? 1}"`;
  const find = (name) => all.find((one) => one[key] === name);
  const name = (match) => decodeURIComponent(match[1]);
  const based = (request, one, id) => {
    const [match, none] = [request.headers['if-match'], request.headers['if-none-match']];
    if ((match && (!one || match !== tag(id))) || (none && one))
      throw new Problem(412, 'changed-meanwhile', 'changed meanwhile');
  };
  const path = new RegExp(`^api/v1/ai/${kind}/([^/]+)$`);
  return [
    ['GET', new RegExp(`^api/v1/ai/${kind}$`), () => ({ items: all })],
    [
      'GET',
      path,
      ({ match, response }) => {
        const one = find(name(match));
        if (!one) throw new Problem(404, 'not-found', 'not found');
        response.setHeader('ETag', tag(name(match)));
        return one;
      },
    ],
    [
      'PUT',
      path,
      ({ match, body, request, response }) => {
        const id = name(match);
        const old = find(id);
        based(request, old, id);
        const fresh = {
          used: { tokens: 0, micros: 0 },
          by: [],
          until: ago(-day),
          ...old,
          ...body,
          [key]: id,
        };
        all = [...all.filter((one) => one !== old), fresh];
        versions.set(id, (versions.get(id) ?? 1) + 1);
        response.setHeader('ETag', tag(id));
        return fresh;
      },
    ],
    [
      'DELETE',
      path,
      ({ match, request }) => {
        const old = find(name(match));
        based(request, old, name(match));
        all = all.filter((one) => one !== old);
      },
    ],
  ];
}

/** Templates, each with all of its versions. */
function createPrompts(me) {
  const all = new Map();
  const keep = (name, definition, comment = '') => {
    const versions = all.get(name) ?? [];
    const by = { id: me()?.id ?? 'u1', name: me()?.name ?? '' };
    const usual = { description: '', model: '', flag: '', variables: [], messages: [] };
    versions.unshift({
      ...usual,
      ...definition,
      version: versions.length + 1,
      at: ago(0),
      by,
      comment,
      deleted: !definition,
    });
    all.set(name, versions);
  };
  const show = (name, response) => {
    const [last] = all.get(name) ?? [];
    if (!last || last.deleted) throw new Problem(404, 'not-found', 'not found');
    response?.setHeader('ETag', `"${last.version}"`);
    return { ...last, name, updated_at: last.at, updated_by: last.by };
  };
  const based = (name, request) => {
    const [last] = all.get(name) ?? [];
    const there = last && !last.deleted;
    const match = request.headers['if-match'];
    if (match ? !there || match !== `"${last.version}"` : there)
      throw new Problem(412, 'stale', 'changed meanwhile');
  };
  keep('summary', {
    description: 'What support reads first',
    messages: [{ role: 'user', content: 'Sum up {{text}}' }],
    variables: ['text'],
  });
  keep(
    'summary',
    {
      description: 'What support reads first',
      messages: [
        { role: 'system', content: 'You write for {{reader}}.' },
        { role: 'user', content: 'Sum up {{text}}' },
      ],
      variables: ['reader', 'text'],
      model: 'fast',
      flag: 'summary-version',
    },
    'Say who reads it',
  );
  const path = '^api/v1/ai/prompts/([^/]+)';
  const name = (match) => decodeURIComponent(match[1]);
  return [
    [
      'GET',
      /^api\/v1\/ai\/prompts$/,
      () => ({ items: [...all.keys()].filter((one) => !all.get(one)[0].deleted).map((one) => show(one)) }),
    ],
    ['GET', new RegExp(`${path}$`), ({ match, response }) => show(name(match), response)],
    ['GET', new RegExp(`${path}/versions$`), ({ match }) => ({ items: all.get(name(match)) ?? [] })],
    [
      'PUT',
      new RegExp(`${path}$`),
      ({ match, body, request, response }) => {
        based(name(match), request);
        const { comment, ...definition } = body;
        keep(name(match), definition, comment);
        return show(name(match), response);
      },
    ],
    [
      'POST',
      new RegExp(`${path}/rollback$`),
      ({ match, body, request, response }) => {
        based(name(match), request);
        const old = all.get(name(match)).find(({ version }) => version === body.version);
        keep(name(match), old, '');
        return show(name(match), response);
      },
    ],
    [
      'DELETE',
      new RegExp(`${path}$`),
      ({ match, request }) => {
        based(name(match), request);
        keep(name(match), undefined);
      },
    ],
  ];
}

/** The models, what was asked of them, and what people said of it. */
export function createModels({ me = () => ({ id: 'u1' }), none = false } = {}) {
  const log = requests();
  const feedback = log.slice(0, 8).map((one, at) => ({
    ...one,
    id: `f${at}`,
    request_id: one.id,
    ...(at % 3 !== 2 && { thumb: at % 3 ? 'down' : 'up' }),
    ...(at % 3 === 2 && { score: 0.75 }),
    comment: at % 3 ? 'It left out what the customer asked for.' : '',
    correction: at === 1 ? 'The refund takes five days.' : '',
  }));
  let last = 0;

  async function chat({ body, request, response }) {
    if (!models.some((one) => one.name === body.model))
      throw new Problem(404, 'model-not-found', 'not found', { detail: 'The model does not exist.' });
    const id = `c${++last}`;
    const [provider, model] = body.model.includes('/') ? body.model.split('/') : ['openai', 'gpt-5-mini'];
    const told = { input: 24, output: 12, cached_input: 0, reasoning: 0, estimated: false };
    const text = `You said: ${body.messages?.at(-1)?.content ?? JSON.stringify(body.prompt)}`;
    log.unshift({ ...log[0], id, at: ago(0), user: me().id, asked: body.model, provider, model });
    if (!request.headers.accept.includes('event-stream')) {
      const answered = { reason: 'stop', usage: told, cost: usd(412), cache: 'none', took_ms: 640 };
      return { id, provider, model, text, ...answered };
    }
    const say = (name, data) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    say('start', { id, provider, model });
    for (const word of text.split(/(?<= )/)) {
      say('text', { text: word });
      await new Promise((resolve) => setTimeout(resolve, 60));
      if (response.destroyed) return undefined;
    }
    say('usage', { ...told, cost: usd(412) });
    say('end', { reason: 'stop', took_ms: 640, cache: 'miss' });
    response.end();
    return undefined;
  }

  function rate({ body }) {
    const one = log.find(({ id }) => id === body.request_id);
    if (!one) throw new Problem(404, 'not-found', 'not found');
    if (!body.thumb && body.score === undefined && !body.comment && !body.correction)
      throw invalid([{ pointer: '/thumb', code: 'required', detail: 'say something' }]);
    const given = {
      ...one,
      id: `f${feedback.length}`,
      request_id: one.id,
      comment: '',
      correction: '',
      ...body,
    };
    feedback.unshift(given);
    return given;
  }

  const rules = [...createRules('budgets', budgets()), ...createRules('access', accessRules())];
  const routes = [
    ...rules,
    ...createPrompts(me),
    [
      'GET',
      /^api\/v1\/ai\/models$/,
      () => {
        if (none) throw new Problem(503, 'no-provider', 'no provider');
        return { items: models };
      },
    ],
    ['POST', /^api\/v1\/ai\/chat$/, chat],
    ['POST', /^api\/v1\/ai\/feedback$/, rate],
    ['GET', /^api\/v1\/ai\/feedback$/, ({ url }) => page(feedback, url.searchParams)],
    ['GET', /^api\/v1\/ai\/requests$/, ({ url }) => page(log, url.searchParams)],
    ['GET', /^api\/v1\/ai\/usage$/, ({ url }) => usage(url.searchParams)],
    [
      'GET',
      /^api\/v1\/ai\/providers$/,
      () =>
        none
          ? {
              items: [],
              fallbacks: 0,
              dropped: 0,
              routers: [],
              cache: { hits: 0, misses: 0, shared: 0, semantic: 0 },
            }
          : providers(),
    ],
  ];
  return { routes };
}
