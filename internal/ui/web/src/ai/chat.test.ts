import { describe, expect, it, vi } from 'vitest';
import { chat, type Answer } from './chat';
import { readEvents } from './events';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A body of pieces, that breaks after them if it is to. */
function body(
  pieces: (string | Uint8Array<ArrayBuffer>)[],
  broken = false,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = pieces.map((piece) => (typeof piece === 'string' ? bytes(piece) : piece));
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next) controller.enqueue(next);
      else if (broken) controller.error(new TypeError('network error'));
      else controller.close();
    },
  });
}

async function events(...pieces: (string | Uint8Array<ArrayBuffer>)[]) {
  const seen: string[] = [];
  for await (const { name, data } of readEvents(body(pieces))) seen.push(`${name}=${data}`);
  return seen;
}

describe('an event stream', () => {
  it.each<[string, (string | Uint8Array<ArrayBuffer>)[], string[]]>([
    [
      'line ends of each kind',
      ['event: a\ndata: 1\n\nevent: b\r\ndata: 2\r\n\r\nevent: c\rdata: 3\r\r\n'],
      ['a=1', 'b=2', 'c=3'],
    ],
    ['a line end in two pieces', ['event: a\r', '\ndata: 1\r', '\n\r', '\n'], ['a=1']],
    ['pieces anywhere', ['ev', 'ent: a\nda', 'ta: 1', '\n', '\n'], ['a=1']],
    ['several lines of data', ['data: 1\ndata:2\ndata\n\n'], ['message=1\n2\n']],
    ['comments, unknown fields, no data', [': hi\nid: 7\nevent: a\n\ndata: 1\n\n'], ['message=1']],
    ['a mark of the byte order', ['\uFEFFdata: 1\n\n'], ['message=1']],
    [
      'a letter in two pieces',
      [bytes('data: ä\n\n').slice(0, 7), bytes('data: ä\n\n').slice(7)],
      ['message=ä'],
    ],
    ['an event that is not ended', ['data: 1\n\ndata: 2\n'], ['message=1']],
  ])('is read with %s', async (_, pieces, want) => {
    expect(await events(...pieces)).toEqual(want);
  });
});

const said = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const begun = said('start', { id: 'r1', provider: 'openai', model: 'gpt' }) + said('text', { text: 'Hel' });
const usage = { input: 3, output: 2, cached_input: 0, reasoning: 0, estimated: false };

/** What became of an answer, step by step. */
async function asked(response: Response | Error, stopAt?: string): Promise<Answer[]> {
  vi.stubGlobal('fetch', () =>
    response instanceof Error ? Promise.reject(response) : Promise.resolve(response),
  );
  const seen: Answer[] = [];
  const controller = new AbortController();
  await chat({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }, controller.signal, (answer) => {
    seen.push(answer);
    if (stopAt && answer.text === stopAt) controller.abort();
  });
  return seen;
}

const stream = (pieces: string[], broken = false) => new Response(body(pieces, broken));

describe('an answer', () => {
  it('grows piece by piece, with what it took at the end', async () => {
    const cost = { micros: 12, currency: 'USD', unknown: false };
    const seen = await asked(
      stream([
        begun,
        said('reasoning', { text: 'hm' }) + said('text', { text: 'lo' }),
        said('later-kind', { x: 1 }) + said('usage', { ...usage, cost }),
        said('end', { reason: 'stop', took_ms: 40, cache: 'exact' }),
      ]),
    );
    expect(seen.map(({ state, text }) => `${state} ${text}`)).toEqual([
      'asking ',
      'answering ',
      'answering Hel',
      'answering Hel',
      'answering Hello',
      'answering Hello',
      'answering Hello',
      'done Hello',
    ]);
    expect(seen.at(-1)).toMatchObject({
      id: 'r1',
      provider: 'openai',
      reasoning: 'hm',
      reason: 'stop',
      cache: 'exact',
      tookMs: 40,
      usage: { input: 3, cost: { micros: 12 } },
    });
  });

  it('that fails after a piece keeps it and says why', async () => {
    const problem = {
      type: 'urn:dashboard:problem:provider-failed',
      status: 502,
      detail: 'The provider broke.',
    };
    const last = (await asked(stream([begun, said('error', { problem })]))).at(-1);
    expect(last).toMatchObject({
      state: 'failed',
      text: 'Hel',
      error: { status: 502, slug: 'provider-failed' },
    });
  });

  it.each([
    ['ends without an end', false],
    ['breaks', true],
  ])('whose connection %s keeps what had come', async (_, broken) => {
    const last = (await asked(stream([begun], broken))).at(-1);
    expect(last).toMatchObject({ state: 'failed', text: 'Hel' });
    expect(last?.error).toBeUndefined();
  });

  it('is stopped by the person', async () => {
    const seen = await asked(stream([begun, said('text', { text: 'lo' }), said('end', {})]), 'Hel');
    expect(seen.find(({ state }) => state === 'done' || state === 'failed')).toBeUndefined();
    expect(seen.at(-1)).toMatchObject({ state: 'stopped', text: 'Hel' });
  });

  it('that is refused at once says why', async () => {
    const problem = JSON.stringify({
      type: 'urn:dashboard:problem:budget-exceeded',
      detail: 'The budget is used up.',
    });
    const last = (await asked(new Response(problem, { status: 429 }))).at(-1);
    expect(last).toMatchObject({ state: 'failed', text: '', error: { slug: 'budget-exceeded' } });
    expect((await asked(new TypeError('failed to fetch'))).at(-1)).toMatchObject({ error: { status: 0 } });
  });
});
