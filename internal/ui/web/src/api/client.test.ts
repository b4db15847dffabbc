import { beforeEach, describe, expect, it } from 'vitest';
import { problem, serve } from '../testing/server';
import { ask, get, post } from './client';
import { reachable } from './connection';
import { APIError, tell } from './error';
import { noteExpiry, refresh, refreshStamp, sessionLost } from './session';

const ok = (body: unknown) => () => ({ body });
const failed = async (work: Promise<unknown>): Promise<APIError> => {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof APIError)) throw error;
  return error;
};

beforeEach(() => {
  sessionLost.set(false);
  reachable.set(true);
});

describe('a request', () => {
  it('answers the body, the status and the entity tag', async () => {
    serve({ 'GET api/v1/x': () => ({ body: { a: 1 }, headers: { ETag: '"7"' } }) });
    expect(await ask('GET', 'x')).toEqual({ data: { a: 1 }, etag: '"7"', status: 200 });
  });

  it('sends JSON, and the tag it is based on', async () => {
    const seen = serve({ 'PUT api/v1/x': ok({}) });
    await ask('PUT', 'x', { body: { a: 1 }, ifMatch: '"7"' });
    expect(seen[0]).toMatchObject({
      body: { a: 1 },
      headers: { 'Content-Type': 'application/json', 'If-Match': '"7"' },
    });
  });

  it('sends a tag that a proxy has made weak as it was', async () => {
    const seen = serve({ 'PUT api/v1/x': ok({}) });
    await ask('PUT', 'x', { body: {}, ifMatch: 'W/"7"' });
    expect(seen[0]).toMatchObject({ headers: { 'If-Match': '"7"' } });
  });

  it('posts an empty object rather than nothing', async () => {
    const seen = serve({ 'POST api/v1/x': () => ({ status: 204 }) });
    expect(await post('x')).toBeUndefined();
    expect(seen[0]?.body).toEqual({});
  });

  it('rejects with the problem that the server told', async () => {
    const errors = [{ pointer: '/values/interval', code: 'min', detail: 'must be at least 1s' }];
    serve({ 'GET api/v1/x': () => problem(422, 'validation-failed', { errors }) });
    const error = await failed(get('x'));
    expect(error).toMatchObject({ status: 422, slug: 'validation-failed' });
    expect(error.fields).toEqual(errors);
  });

  it.each([
    ['seconds', '7', 7],
    ['a date', new Date(Date.now() + 5_000).toUTCString(), 5],
    ['nothing sensible', 'soon', 0],
    ['a time that has passed', '-3', 0],
    ['more than a week', '999999', 604_800],
  ])('reads Retry-After as %s', async (_, header, want) => {
    serve({ 'GET api/v1/x': () => problem(429, 'limited', {}, { 'Retry-After': header }) });
    expect(Math.abs((await failed(get('x'))).retryAfter - want)).toBeLessThanOrEqual(1);
  });

  it('copes with an answer that is no problem document', async () => {
    serve({ 'GET api/v1/x': () => ({ status: 502, body: 'Bad gateway' }) });
    expect((await failed(get('x'))).status).toBe(502);
  });

  it('tells a lost connection from a refusal, and a found one', async () => {
    serve({});
    expect((await failed(get('x'))).status).toBe(0);
    expect(reachable.get()).toBe(false);
    serve({ 'GET api/v1/x': () => problem(500, 'internal') });
    expect((await failed(get('x'))).status).toBe(500);
    expect(reachable.get()).toBe(true);
  });

  it('does not blame the server when the caller went away', async () => {
    const controller = new AbortController();
    controller.abort();
    serve({});
    await expect(get('x', controller.signal)).rejects.not.toBeInstanceOf(APIError);
    expect(reachable.get()).toBe(true);
  });
});

describe('a session', () => {
  const expired = () => problem(401, 'unauthenticated');

  it('is renewed once for all requests that need it, and they are sent again', async () => {
    noteExpiry(300);
    let fresh = false;
    const seen = serve({
      'GET api/v1/a': () => (fresh ? { body: 'a' } : expired()),
      'GET api/v1/b': () => (fresh ? { body: 'b' } : expired()),
      'POST api/v1/auth/refresh': () => {
        fresh = true;
        return { body: { expires_in: 300 } };
      },
    });
    expect(await Promise.all([get('a'), get('b')])).toEqual(['a', 'b']);
    expect(seen.filter((one) => one.path.endsWith('refresh'))).toHaveLength(1);
    expect(sessionLost.get()).toBe(false);
  });

  it('is renewed before it ends', async () => {
    noteExpiry(5);
    const seen = serve({
      'GET api/v1/a': ok('a'),
      'POST api/v1/auth/refresh': ok({ expires_in: 300 }),
    });
    await get('a');
    await get('a');
    expect(seen.map((one) => one.path)).toEqual(['api/v1/auth/refresh', 'api/v1/a', 'api/v1/a']);
  });

  it('that another tab has renewed is not renewed again', async () => {
    noteExpiry(300);
    const known = refreshStamp();
    const seen = serve({ 'POST api/v1/auth/refresh': ok({ expires_in: 300 }) });
    expect(await refresh(known)).toBe(true);
    expect(await refresh(known)).toBe(true);
    expect(seen).toHaveLength(1);
  });

  it('is lost when the server refuses to renew it', async () => {
    noteExpiry(300);
    serve({ 'GET api/v1/a': expired, 'POST api/v1/auth/refresh': expired });
    expect((await failed(get('a'))).status).toBe(401);
    expect(sessionLost.get()).toBe(true);
  });

  it('is not lost when the server could not say', async () => {
    noteExpiry(300);
    serve({ 'GET api/v1/a': expired, 'POST api/v1/auth/refresh': () => problem(503, 'starting') });
    expect((await failed(get('a'))).status).toBe(0);
    expect(sessionLost.get()).toBe(false);
  });

  it('of a stranger is not asked for', async () => {
    const seen = serve({ 'GET api/v1/a': expired });
    expect((await failed(get('a'))).status).toBe(401);
    expect(seen).toHaveLength(1);
  });

  it('has no part in signing in', async () => {
    noteExpiry(300);
    const seen = serve({ 'POST api/v1/auth/login': expired });
    await failed(post('auth/login', {}, { anonymous: true }));
    expect(seen).toHaveLength(1);
    expect(sessionLost.get()).toBe(false);
  });
});

describe('every status', () => {
  it.each([0, 401, 403, 404, 409, 412, 413, 422, 428, 429, 500, 503])(
    '%i has a title and a sentence',
    (status) => {
      const { title, detail } = tell(new APIError(status));
      expect(title).toMatch(/\w/);
      expect(detail).toMatch(/\.$/);
    },
  );

  it('that is busy tells for how long', () => {
    expect(tell(new APIError(429, {}, 1)).detail).toContain('1 second,');
    expect(tell(new APIError(429, {}, 12)).detail).toContain('12 seconds,');
    expect(tell(new APIError(429, {}, 4_000)).detail).toBe('Wait 67 minutes, then try again.');
    expect(tell(new APIError(429, {}, 7_201)).detail).toContain('3 hours,');
  });

  it('keeps foreign errors to itself', () => {
    expect(tell(new Error('SELECT * FROM secrets')).detail).not.toContain('SELECT');
  });
});
