// The modules of the stand-in and the data of their panels.
import { Problem, invalid } from './problem.mjs';

const settingsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  required: ['interval', 'window'],
  properties: {
    interval: {
      type: 'string',
      format: 'duration',
      title: 'Interval',
      description: 'How often values are read.',
    },
    window: { type: 'string', format: 'duration', title: 'Window', description: 'How much history is kept.' },
    processes: { type: 'integer', title: 'Processes', minimum: 1, maximum: 50 },
    disks: { type: 'array', items: { type: 'string' }, title: 'Disks', description: 'Mount points to show.' },
    level: { type: 'string', enum: ['low', 'normal', 'high'], title: 'Detail' },
    swap: { type: 'boolean', title: 'Show swap', description: 'Adds swap to the memory panel.' },
    alert: {
      type: 'object',
      title: 'Alerts',
      properties: {
        url: { type: 'string', title: 'Webhook address', maxLength: 120 },
        token: { type: 'string', writeOnly: true, title: 'Webhook token', minLength: 8 },
      },
    },
  },
};

const now = () => new Date().toISOString();
const wave = (t, low, high, period) => low + ((high - low) * (1 + Math.sin(t / period))) / 2;

function instance(id, state, extra = {}) {
  return {
    id,
    host: id === 'i1' ? 'ops-1.example.com' : 'ops-2.example.com',
    version: '1.0.0',
    state,
    blocked_by: [],
    since: new Date(Date.now() - 3600e3).toISOString(),
    live: true,
    current: id === 'i1',
    health: { status: state === 'enabled' ? 'ok' : 'unknown', panics: 0 },
    ...extra,
  };
}

function module(id, title, description, extra = {}) {
  return {
    id,
    title,
    description,
    version: '1.0.0',
    installed_version: '1.0.0',
    desired: 'enabled',
    state: 'enabled',
    generation: 1,
    requires: [],
    required_by: [],
    capabilities: [],
    permissions: [{ id: `${id}.status.read`, title: `See ${title}` }],
    instances: [instance('i1', extra.state ?? 'enabled'), instance('i2', extra.state ?? 'enabled')],
    ...extra,
  };
}

export function createModules({ only } = {}) {
  const modules = [
    module('system', 'System', 'CPU, memory, disk, network and the busiest processes of this machine.', {
      capabilities: ['settings', 'health', 'migrations'],
      required_by: ['capacity'],
    }),
    module('hello', 'Guest book', 'Ships its own page.', { capabilities: ['assets'] }),
    module('broken', 'Broken', 'Its page fails on purpose.', { capabilities: ['assets', 'health'] }),
    module('capacity', 'Capacity', 'Forecasts when a disk is full.', {
      requires: [{ id: 'system', constraint: '^1.0', optional: false, satisfied: true }],
    }),
    module('reports', 'Reports', 'Renders and sends reports.', {
      state: 'failed',
      installed_version: '0.9.0',
      failure: {
        operation: 'upgrade',
        step: 'migrate 3',
        attempt: 2,
        error: 'upgrade reports: column "period" already exists',
        since: new Date(Date.now() - 7200e3).toISOString(),
      },
      requires: [{ id: 'mailer', constraint: '>=2', optional: true, satisfied: false }],
      instances: [instance('i1', 'failed', { error: 'upgrade reports: column "period" already exists' })],
    }),
    module('archive', 'Archive', 'Keeps old records on cheap storage.', {
      state: 'available',
      desired: 'available',
      installed_version: '',
      instances: [],
    }),
  ];
  if (only) modules.splice(0, modules.length, ...modules.filter((one) => only.includes(one.id)));
  modules.find((one) => one.id === 'broken').instances[0].health = {
    status: 'failing',
    detail: 'The queue has not answered for 40 s.',
    panics: 3,
  };

  const settings = {
    values: {
      interval: '2s',
      window: '5m',
      processes: 8,
      disks: ['/', '/data'],
      level: 'normal',
      swap: true,
      alert: { url: 'https://hooks.example.com/ops' },
    },
    secrets: { 'alert.token': true },
    version: 0,
  };
  const defaults = structuredClone(settings.values);
  const history = [];

  const find = (id) => {
    const found = modules.find((one) => one.id === id);
    if (!found) throw new Problem(404, 'not-found', 'not found');
    return found;
  };

  return { modules, find, settings, defaults, history, settingsSchema, plan, act, save, panels, data, mine };

  function dependants(id) {
    return modules.filter(
      (one) => one.state === 'enabled' && one.requires.some((need) => need.id === id && !need.optional),
    );
  }

  function plan(id, op, cascade) {
    const target = find(id);
    const others = ['disable', 'uninstall'].includes(op) ? dependants(id) : [];
    const step = (one, verb) => ({ module: one.id, op: verb, title: one.title });
    if (others.length > 0 && !cascade) {
      const names = others.map((one) => one.title).join(', ');
      const required_by = others.map((one) => one.id);
      return {
        steps: [],
        refused: `${target.title} is required by ${names}.`,
        needs_cascade: true,
        required_by,
      };
    }
    const steps = others.map((one) => step(one, 'disable'));
    if (op === 'uninstall' && target.state === 'enabled') steps.push(step(target, 'disable'));
    if (op === 'enable' && target.state === 'available') steps.push(step(target, 'install'));
    return { steps: [...steps, step(target, op)], needs_cascade: false };
  }

  function act(id, op, { cascade, ifMatch }) {
    const target = find(id);
    if (ifMatch && ifMatch !== `"${target.generation}"`)
      throw new Problem(412, 'stale', 'precondition failed');
    const planned = plan(id, op, cascade);
    if (planned.refused) {
      const ids = dependants(id).map((one) => one.id);
      throw new Problem(409, 'module-required', 'other modules need it', {
        detail: planned.refused,
        required_by: ids,
      });
    }
    const goal = {
      install: 'installed',
      enable: 'enabled',
      disable: 'installed',
      uninstall: 'available',
      upgrade: 'enabled',
      retry: 'enabled',
      rollback: 'installed',
      force: 'enabled',
    };
    const changed = [];
    for (const step of planned.steps) {
      const one = find(step.module);
      one.state = goal[step.op] ?? one.state;
      one.desired = one.state;
      one.generation += 1;
      one.installed_version = one.state === 'available' ? '' : one.version;
      delete one.failure;
      one.instances = one.state === 'available' ? [] : [instance('i1', one.state), instance('i2', one.state)];
      changed.push(one);
    }
    return { generation: target.generation, steps: planned.steps, changed };
  }

  function save(values) {
    const errors = [];
    if (values.interval === '1ns') {
      errors.push({ pointer: '/values/interval', code: 'min', detail: 'must be at least 100ms' });
    }
    if (values.alert?.url && !/^https:/.test(values.alert.url)) {
      errors.push({ pointer: '/values/alert/url', code: 'https', detail: 'must begin with https' });
    }
    if (errors.length > 0) throw invalid(errors);
    const token = values.alert?.token;
    const next = structuredClone(values);
    delete next.alert?.token;
    const changes = Object.keys(next)
      .filter((field) => JSON.stringify(next[field]) !== JSON.stringify(settings.values[field]))
      .map((field) => ({ field, before: settings.values[field], after: next[field] }));
    if (token) changes.push({ field: 'alert.token', before: null, after: 'replaced' });
    settings.version += 1;
    history.unshift({
      version: settings.version,
      at: now(),
      actor: 'ada@example.com',
      changes,
      values: next,
    });
    settings.values = next;
  }

  function panels() {
    const ranges = ['15m', '1h', '24h', '7d'];
    if (find('system').state !== 'enabled') return broken();
    const seconds = parseFloat(settings.values.interval) || 2;
    const meta = (id, title, kind, extra = {}) => ({
      module: 'system',
      id,
      title,
      kind,
      refresh_seconds: seconds,
      ...extra,
    });
    return [
      meta('cpu', 'CPU', 'stat', { unit: 'percent', ranges }),
      meta('memory', 'Memory used', 'stat', { unit: 'bytes' }),
      meta('network', 'Network in', 'stat', { unit: 'bytes_per_second' }),
      meta('uptime', 'Uptime', 'stat', { unit: 'seconds' }),
      meta('cpu-history', 'CPU over time', 'timeseries', { width: 3, unit: 'percent', ranges }),
      meta('about', 'On call', 'markdown', { width: 1, refresh_seconds: 0 }),
      meta('processes', 'Busiest processes', 'table', { width: 3 }),
      meta('disks', 'Disks', 'bar', { width: 1, unit: 'percent' }),
      meta('message', 'Message of the day', 'form', { width: 2, refresh_seconds: 0 }),
      ...broken(),
    ];
  }

  function broken() {
    const meta = { module: 'broken', kind: 'stat', refresh_seconds: 5 };
    if (find('broken').state !== 'enabled') return [];
    return [
      { ...meta, id: 'boom', title: 'Always fails' },
      { ...meta, id: 'empty', title: 'Nothing yet', kind: 'table' },
    ];
  }

  function mine() {
    return modules
      .filter((one) => one.state === 'enabled')
      .map((one) => ({
        id: one.id,
        title: one.title,
        state: one.state,
        panels: panels().filter((panel) => panel.module === one.id),
        settings: one.capabilities.includes('settings'),
        ...(one.capabilities.includes('assets') && { script: `m/${one.id}/assets/index.0a1b2c.js` }),
      }));
  }

  function data(id, panel, range) {
    const key = `${id}/${panel}`;
    const t = Date.now() / 1000;
    const spans = { '15m': 900, '1h': 3600, '24h': 86_400, '7d': 604_800 };
    const step = range ? spans[range] / 150 : parseFloat(settings.values.interval) || 2;
    const times = Array.from({ length: 150 }, (_, i) => Math.round(t - (149 - i) * step));
    const spark = times.slice(-40).map((at) => wave(at, 10, 70, 17));
    const as_of = now();
    switch (key) {
      case 'system/cpu':
        return { value: wave(t, 10, 70, 17), delta: 4.2, delta_good: 'down', spark, as_of };
      case 'system/memory':
        return {
          value: 11.8 * 2 ** 30,
          delta: -1.5,
          delta_good: 'down',
          spark: spark.map((v) => v / 3),
          as_of,
        };
      case 'system/network':
        return {
          value: wave(t, 2e5, 9e6, 11),
          spark: times.slice(-40).map((at) => wave(at, 2e5, 9e6, 11)),
          as_of,
        };
      case 'system/uptime':
        return { value: 1_234_567, as_of };
      case 'system/cpu-history':
        return {
          times,
          series: [
            { name: 'user', values: times.map((at) => wave(at, 10, 45, 17)) },
            { name: 'system', values: times.map((at) => wave(at, 4, 15, 23)) },
            { name: 'wait', values: times.map((at, i) => (i < 20 ? null : wave(at, 0, 6, 41))) },
          ],
          as_of,
        };
      case 'system/processes':
        return {
          columns: [
            { key: 'name', title: 'Process', kind: 'text' },
            { key: 'pid', title: 'PID', kind: 'text' },
            { key: 'cpu', title: 'CPU', kind: 'percent' },
            { key: 'memory', title: 'Memory', kind: 'bytes' },
            { key: 'started', title: 'Started', kind: 'time' },
          ],
          rows: [
            'postgres',
            'dashboard',
            'node_exporter',
            'sshd',
            'systemd-journald',
            'cron',
            'rsyslogd',
            'containerd',
          ].map((name, i) => ({
            name,
            pid: String(311 + i * 97),
            cpu: Math.max(0.04, 34 / (i + 1) - 3),
            memory: 900e6 / (i + 1),
            started: new Date(Date.now() - (i + 1) * 5e6).toISOString(),
          })),
          as_of,
        };
      case 'system/disks':
        return {
          bars: [
            { label: '/', value: 61 },
            { label: '/data', value: 88.4 },
            { label: '/boot', value: 12 },
          ],
          as_of,
        };
      case 'system/about':
        return {
          markdown:
            '**Ada** is on call until Friday.\n\n- Runbook: `make rollback`\n- Escalate after *15 minutes*\n- [Status page](https://status.example.com)\n\n<script>alert(1)</script> stays text.',
        };
      case 'system/message':
        return {
          schema: {
            type: 'object',
            required: ['text'],
            properties: {
              text: { type: 'string', title: 'Text', minLength: 3, maxLength: 80 },
              urgent: { type: 'boolean', title: 'Urgent' },
            },
          },
          values: { text: 'Deploy freeze on Friday', urgent: false },
          submit_label: 'Publish',
        };
      case 'broken/empty':
        return { columns: [{ key: 'a', title: 'A', kind: 'text' }], rows: [], as_of };
      default:
        throw new Problem(500, 'internal', 'internal error');
    }
  }
}
