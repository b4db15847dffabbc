// The system of the stand-in: status, jobs, the log and the API's document.
import { openapi } from './openapi.mjs';
import { Problem } from './problem.mjs';

const started = Date.now() - 273_000_000;
const at = (ago) => new Date(Date.now() - ago).toISOString();
const minute = 60_000;
const hour = 60 * minute;

function run(id, ago, took, extra = {}) {
  return {
    id: String(id),
    started_at: at(ago),
    ended_at: at(ago - took),
    duration_ms: took,
    instance: 'i1',
    outcome: 'ok',
    trigger: 'schedule',
    ...extra,
  };
}

function createJobs() {
  const job = (module, name, title, schedule, more = {}) => ({
    module,
    name,
    title,
    schedule,
    zone: 'UTC',
    per_instance: false,
    missed: 'skip',
    next_at: at(-25 * minute),
    running: false,
    ...more,
  });
  const failed = { outcome: 'failed', error: 'upload backup: 507 Insufficient Storage' };
  const history = Array.from({ length: 45 }, (_, i) =>
    run(
      100 - i,
      (i + 1) * hour,
      900 + ((i * 317) % 4000),
      i === 7 ? failed : i === 12 ? { outcome: 'skipped', duration_ms: 0 } : {},
    ),
  );
  const jobs = [
    job('system', 'history', 'Thin out the history', '15 * * * *', { per_instance: true, last: history[0] }),
    job('reports', 'weekly', 'Send the weekly report', '30 6 * * 1', {
      zone: 'Europe/Berlin',
      missed: 'run-once',
    }),
    job('backup', 'upload', 'Upload the backup', '0 3 * * *', { last: run(7, 5 * hour, 81_000, failed) }),
    job('capacity', 'forecast', 'Forecast the capacity', '7-59/13 2,4 */3 * *', {
      last: run(8, 3 * hour, 420),
      next_at: undefined,
    }),
  ];
  return { jobs, runsOf: (one) => (one.name === 'history' ? history : one.last ? [one.last] : []) };
}

const messages = [
  ['info', 'request served', { method: 'GET', path: '/api/v1/panels', status: 200, duration: '1.8ms' }],
  ['debug', 'sampled', { metrics: 41, took: '3.1ms' }],
  ['info', 'settings applied', { version: 12 }],
  [
    'warn',
    'slow query',
    {
      duration: '1.31s',
      statement: 'SELECT id, name FROM customers WHERE lower(email) >= $1 ORDER BY email LIMIT 51',
    },
  ],
  [
    'error',
    'cannot deliver the alert',
    {
      error: 'dial tcp 203.0.113.9:443: i/o timeout',
      attempt: 3,
      target: { url: 'https://alerts.example.com', method: 'POST' },
    },
  ],
];
const modules = ['system', 'hello', '', 'capacity'];
const levels = { debug: -4, info: 0, warn: 4, error: 8 };

function record(seq, ago) {
  const [level, message, attrs] = messages[(seq * 7 + (seq >> 3)) % messages.length];
  const module = modules[seq % modules.length];
  return {
    seq,
    time: at(ago),
    level,
    message,
    ...(module && { module }),
    ...(seq % 3 !== 0 && {
      request_id: `req-${Math.floor(seq / 6)
        .toString(16)
        .padStart(6, '0')}`,
    }),
    ...(seq % 5 === 0 && { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' }),
    attrs,
  };
}

function passes(query) {
  const level = levels[query.get('level') || 'info'];
  const [module, request, text] = ['module', 'request_id', 'q'].map((name) => query.get(name) ?? '');
  return (one) =>
    levels[one.level] >= level &&
    (!module || one.module === module) &&
    (!request || one.request_id === request) &&
    (!text || JSON.stringify(one).toLowerCase().includes(text.toLowerCase()));
}

/** The routes of the system; `close` ends what they started. */
export function createSystem() {
  const { jobs, runsOf } = createJobs();
  const kept = Array.from({ length: 2_000 }, (_, i) => record(i + 1, (2_000 - i) * 2_300));
  const followers = new Set();
  const writing = setInterval(() => {
    const fresh = record(kept.at(-1).seq + 1, 0);
    kept.push(fresh);
    for (const follower of followers) {
      if (follower.wants(fresh))
        follower.response.write(`id: ${fresh.seq}\nevent: log\ndata: ${JSON.stringify(fresh)}\n\n`);
    }
  }, 1_500);
  writing.unref();

  const find = (module, name) => {
    const found = jobs.find((one) => one.module === module && one.name === name);
    if (!found) throw new Problem(404, 'not-found', 'not found');
    return found;
  };

  const routes = [
    ['GET', /^api\/v1\/system$/, system],
    ['GET', /^api\/v1\/openapi\.json$/, () => openapi],
    ['GET', /^api\/v1\/jobs$/, () => ({ items: jobs })],
    [
      'GET',
      /^api\/v1\/jobs\/([^/]+)\/([^/]+)\/runs$/,
      ({ match, url }) => {
        const runs = runsOf(find(match[1], match[2]));
        const from = Number(url.searchParams.get('cursor') ?? 0);
        const next = from + Number(url.searchParams.get('limit') ?? 50);
        return { items: runs.slice(from, next), ...(next < runs.length && { next_cursor: String(next) }) };
      },
    ],
    [
      'POST',
      /^api\/v1\/jobs\/([^/]+)\/([^/]+)\/run$/,
      ({ match, response }) => {
        const job = find(match[1], match[2]);
        const id = String(Date.now());
        const runs = runsOf(job);
        const { ended_at: _, ...begun } = run(id, 0, 0, { outcome: 'running', trigger: 'manual' });
        runs.unshift(begun);
        job.running = true;
        setTimeout(() => {
          Object.assign(begun, { outcome: 'ok', ended_at: at(0), duration_ms: 1_200 });
          job.running = false;
          job.last = begun;
        }, 1_200).unref();
        if (runs.length === 1) job.last = begun;
        response.statusCode = 202;
        return { id };
      },
    ],
    [
      'GET',
      /^api\/v1\/system\/logs$/,
      ({ url }) => {
        const before = Number(url.searchParams.get('cursor') ?? Infinity);
        const limit = Number(url.searchParams.get('limit') ?? 50);
        const fit = kept.filter((one) => one.seq < before && passes(url.searchParams)(one)).reverse();
        const items = fit.slice(0, limit);
        return { items, ...(fit.length > limit && { next_cursor: String(items.at(-1).seq) }) };
      },
    ],
    [
      'GET',
      /^api\/v1\/system\/logs\/stream$/,
      ({ url, request, response }) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        response.write('retry: 2000\n\n');
        const after = Number(url.searchParams.get('after') ?? Infinity);
        const missed = kept.filter((one) => one.seq > after && passes(url.searchParams)(one));
        for (const one of missed) response.write(`event: log\ndata: ${JSON.stringify(one)}\n\n`);
        const follower = { response, wants: passes(url.searchParams) };
        followers.add(follower);
        request.on('close', () => followers.delete(follower));
      },
    ],
  ];

  return { routes, close: () => clearInterval(writing) };
}

function system() {
  const instance = (id, host, version, more = {}) => ({
    id,
    host,
    version,
    current: false,
    live: true,
    since: new Date(started).toISOString(),
    last_seen: at(2_000),
    ...more,
  });
  return {
    version: '0.2.0',
    go_version: 'go1.26.8',
    started_at: new Date(started).toISOString(),
    uptime_seconds: Math.floor((Date.now() - started) / 1000),
    instance: 'i1',
    host: 'web-1',
    database: { kind: 'postgres', size_bytes: 412_000_000 },
    checks: [
      { name: 'database', status: 'ok' },
      { name: 'module system', status: 'ok' },
      {
        name: 'module reports',
        status: 'failing',
        detail: 'The mail server refused the last three reports.',
      },
    ],
    instances: [
      instance('3f6b0c8e21', 'web-1', '0.2.0', { current: true }),
      instance('9a17ee42d0', 'web-2', '0.1.0', { since: at(26 * hour) }),
      instance('c04d55b1f7', 'web-3', '0.1.0', {
        live: false,
        last_seen: at(3 * hour),
        since: at(80 * hour),
      }),
    ],
    modules: { enabled: 5, disabled: 1, failed: 1 },
  };
}
