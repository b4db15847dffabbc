// Requests whose answers come in events, with the person's session.

const maxEvent = 4 << 20; // letters of one event: no server of ours sends more

/** What the server said when it refused, or that it could not be reached (status 0). */
export class Refusal extends Error {
  constructor(status, problem = {}, retryAfter = 0) {
    super(problem.detail ?? '');
    this.name = 'Refusal';
    this.status = status;
    this.code = String(problem.type ?? '')
      .split(':')
      .at(-1);
    this.retryAfter = retryAfter;
  }
}

/** Posts JSON to a path below api/v1 and returns the response; one that is no success is thrown. */
export async function post(ctx, path, body, signal, accept = 'application/json') {
  const url = new URL(`../../api/v1/${path}`, new URL(ctx.base, location.href));
  const go = () =>
    fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: accept },
      body: JSON.stringify(body),
      signal,
    });
  let response = await reach(go, signal);
  if (response.status === 401) {
    await ctx.api.get('status'); // the dashboard's own client renews the session, or asks the person to sign in
    response = await reach(go, signal);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(response.status, problem, Number(response.headers.get('Retry-After')) || 0);
}

async function reach(go, signal) {
  try {
    return await go();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0);
  }
}

/** The events of a response, each {name, data}. It just ends where the connection does. */
export async function* events(response) {
  const reader = response.body.getReader();
  const read = lines();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* read(value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** Makes events of bytes (WHATWG HTML, section 9.2.6). */
export function lines() {
  const decoder = new TextDecoder();
  let rest = '';
  let name = '';
  let data = [];
  return function* (bytes) {
    rest += decoder.decode(bytes, { stream: true });
    if (rest.length > maxEvent) throw new Error('an event is too long');
    for (;;) {
      const end = /\r\n|\n|\r(?=[^])/.exec(rest);
      if (!end) return;
      const line = rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
      if (line === '') {
        if (data.length > 0) yield { name: name || 'message', data: data.join('\n') };
        name = '';
        data = [];
        continue;
      }
      const [, field, value] = /^([^:]*):? ?([^]*)$/.exec(line);
      if (field === 'event') name = value;
      if (field === 'data') data.push(value);
    }
  };
}
