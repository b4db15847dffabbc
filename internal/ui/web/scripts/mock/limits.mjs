// The rate limits of the stand-in, and who was refused by them.
import { Problem, invalid } from './problem.mjs';

const form = /^([1-9]\d*)\/([1-9]\d*)?(ms|s|m|h|d)(?: burst ([1-9]\d*))?( shadow)?$/;
const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const at = (ahead) => new Date(Date.now() + ahead).toISOString();

function parse(policy) {
  const found = form.exec(policy);
  if (!found) throw invalid([{ pointer: '/policy', code: 'policy', detail: 'want a limit such as "100/m"' }]);
  const [, limit, count = '1', unit, burst = limit, shadow] = found;
  return { rate: limit / (count * units[unit]), depth: Number(burst), shadow: Boolean(shadow) };
}

function createAll() {
  const limit = (name, title, policy, more = {}) => ({
    name,
    title,
    policy,
    default: policy,
    overrides: [],
    version: 0,
    ...more,
  });
  return [
    limit(
      'address',
      'All requests of one address, before it is known who asks. Those of this machine do not count.',
      '12000/m burst 3000',
    ),
    limit('caller', 'All requests of one person or API key', '6000/m burst 1500', {
      overrides: [{ key: 'api-key:k1', policy: '60000/m burst 5000' }],
    }),
    limit('login-address', 'Sign-ins from one address', '20/m burst 30'),
    limit('login-account', 'Wrong sign-ins to one account, from anywhere', '1/m burst 20'),
    limit('customers.export', 'Export the customers', '5/15m shadow', {
      module: 'customers',
      default: '10/h burst 2',
    }),
  ];
}

/** Three refusals: one that waits, one that may go on, and one that waiting does not help. */
function sampleRefused() {
  const one = (limit, key, who, count, last, until) => ({
    limit,
    key,
    who,
    count,
    first_at: at(last - 90_000),
    last_at: at(last),
    ...(until && { until: at(until) }),
  });
  return [
    one('login-address', '2001:db8:85a3:8d3::/64', '2001:db8:85a3:8d3::/64', 1_204, -2_000, 41_000),
    one('caller', 'api-key:k1', 'Nightly import', 18, -70_000, -60_000),
    one('customers.export', 'user:u2', 'Grace Hopper', 2, -300_000),
  ];
}

/** Routes, and `take`, which refuses who is over a limit. */
export function createLimits({ emit = () => {}, note = () => {}, sample = false } = {}) {
  const all = createAll();
  const refused = sample ? sampleRefused() : [];
  const buckets = new Map();

  const find = (name) => {
    const found = all.find((one) => one.name === name);
    if (!found) throw new Problem(404, 'not-found', 'not found');
    return found;
  };
  const show = ({ version, ...shown }, response) => {
    response?.setHeader('ETag', `"${version}"`);
    return shown;
  };
  const change = (act) => (given) => {
    const { request, response, match } = given;
    const limit = find(decodeURIComponent(match[1]));
    const based = request.headers['if-match'];
    if (based && based !== `"${limit.version}"`)
      throw new Problem(412, 'changed-meanwhile', 'changed meanwhile');
    if (request.method === 'PUT') parse(given.body.policy);
    act(limit, decodeURIComponent(match[2] ?? ''), given.body.policy);
    limit.version++;
    note('limit.change', limit.name);
    emit('limit', {});
    return show(limit, response);
  };
  const changeOwn = change((limit, key, policy) => {
    limit.overrides = limit.overrides.filter((one) => one.key !== key);
    if (policy) limit.overrides.push({ key, policy });
  });
  const changeAll = change((limit, _, policy) => (limit.policy = policy ?? limit.default));

  function take(name, key, who) {
    const limit = find(name);
    const { rate, depth, shadow } = parse(
      limit.overrides.find((one) => one.key === key)?.policy ?? limit.policy,
    );
    const now = Date.now();
    const { left, last } = buckets.get(`${name} ${key}`) ?? { left: depth, last: now };
    const have = Math.min(depth, left + (now - last) * rate);
    buckets.set(`${name} ${key}`, { left: have >= 1 ? have - 1 : have, last: now });
    if (have >= 1 || shadow) return;
    const wait = Math.ceil((1 - have) / rate);
    const known = refused.find((one) => one.limit === name && one.key === key);
    const one = known ?? { limit: name, key, who, count: 0, first_at: at(0) };
    Object.assign(one, { count: one.count + 1, last_at: at(0), until: at(wait) });
    if (!known) refused.unshift(one);
    throw new Problem(429, 'throttled', 'too many requests', {}, { 'Retry-After': Math.ceil(wait / 1000) });
  }

  const routes = [
    ['GET', /^api\/v1\/limits$/, () => ({ items: all.map((one) => show(one)) })],
    ['GET', /^api\/v1\/limits\/refused$/, () => ({ items: refused })],
    [
      'GET',
      /^api\/v1\/limits\/([^/]+)$/,
      ({ match, response }) => show(find(decodeURIComponent(match[1])), response),
    ],
    ['PUT', /^api\/v1\/limits\/([^/]+)$/, changeAll],
    ['DELETE', /^api\/v1\/limits\/([^/]+)$/, changeAll],
    ['PUT', /^api\/v1\/limits\/([^/]+)\/keys\/([^/]+)$/, changeOwn],
    ['DELETE', /^api\/v1\/limits\/([^/]+)\/keys\/([^/]+)$/, changeOwn],
  ];
  return { routes, take };
}
