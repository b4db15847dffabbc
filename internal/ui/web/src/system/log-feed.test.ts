import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { problem, serve, type Reply, type Seen } from '../testing/server';
import { FakeSource, fakeSources, latestSource } from '../testing/source';
import { LogFeed } from './log-feed';
import type { LogRecord } from './types';

const all = { level: '', module: '', request: '', text: '' };
const record = (seq: number): LogRecord => ({
  seq,
  time: `2026-11-22T12:00:${String(seq).padStart(2, '0')}Z`,
  level: 'info',
  message: `m${String(seq)}`,
  attrs: {},
});
const first = 'GET api/v1/system/logs?limit=200';
const seqs = ({ buffer }: LogFeed) =>
  Array.from({ length: buffer.end - buffer.start }, (_, i) => buffer.at(buffer.start + i)?.seq);

function hide(hidden: boolean) {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('the log’s feed', () => {
  let feed: LogFeed;
  let stop: () => void = () => undefined;
  let newest: Reply;
  let seen: Seen[];

  beforeEach(() => {
    vi.useFakeTimers();
    fakeSources();
    newest = { body: { items: [record(3), record(2)], next_cursor: 'c1' } };
    seen = serve({
      [first]: () => newest,
      [`${first}&cursor=c1`]: () => ({ body: { items: [record(1)] } }),
      [`${first}&cursor=gone`]: () => problem(400, 'bad-cursor'),
      'GET api/v1/system/logs?level=warn&module=shop&request_id=r1&q=slow&limit=200': () => ({
        body: { items: [] },
      }),
    });
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  const start = async (filter = all) => {
    feed = new LogFeed(filter);
    stop = feed.start();
    await vi.advanceTimersByTimeAsync(1);
  };

  it('asks for the newest page and follows from its last record', async () => {
    await start();
    expect(seqs(feed)).toEqual([2, 3]);
    expect(latestSource().url).toContain('system/logs/stream?after=3');
    latestSource().onopen?.();
    expect(feed.state).toBe('live');
    latestSource().say('log', record(4));
    latestSource().say('log', 'not JSON');
    expect(seqs(feed)).toEqual([2, 3]);
    await vi.advanceTimersByTimeAsync(100);
    expect(seqs(feed)).toEqual([2, 3, 4]);
  });

  it('asks with its filter, the stream as well', async () => {
    await start({ level: 'warn', module: 'shop', request: 'r1', text: 'slow' });
    expect(seen[0]?.path).toContain('level=warn&module=shop&request_id=r1&q=slow');
    expect(latestSource().url).toContain('stream?level=warn&module=shop&request_id=r1&q=slow&after=0');
  });

  it('asks for older pages until there are none', async () => {
    await start();
    await feed.more();
    expect(seqs(feed)).toEqual([1, 2, 3]);
    expect(feed.cursor).toBe('');
    await feed.more();
    expect(seen).toHaveLength(2);
  });

  it('takes a refused cursor for the end, and says when a page did not come', async () => {
    await start();
    feed.cursor = 'gone';
    await feed.more();
    expect([feed.cursor, feed.older]).toEqual(['', 'idle']);
    feed.cursor = 'elsewhere';
    await feed.more();
    expect(feed.older).toBe('failed');
  });

  it('makes up for a stream that was away, and waits longer each time', async () => {
    await start();
    latestSource().onerror?.();
    expect(feed.state).toBe('lost');
    expect(latestSource().closed).toBe(true);
    newest = { body: { items: [record(5), record(4), record(3)] } };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seqs(feed)).toEqual([2, 3, 4, 5]);
    expect(feed.cursor).toBe('c1');
    latestSource().onerror?.();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(FakeSource.made).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeSource.made).toHaveLength(3);
  });

  it('says that it failed, and tries again', async () => {
    newest = problem(503, 'not-ready');
    await start();
    expect(feed.state).toBe('failed');
    newest = { body: { items: [record(1)] } };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seqs(feed)).toEqual([1]);
    expect(FakeSource.made).toHaveLength(1);
  });

  it('is closed while nobody looks', async () => {
    await start();
    hide(true);
    expect(latestSource().closed).toBe(true);
    hide(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSource.made).toHaveLength(2);
  });

  it('counts what the server could not send in time', async () => {
    await start();
    latestSource().say('dropped', { count: 12 });
    expect(feed.dropped).toBe(12);
  });

  it('leaves nothing behind when it ends', async () => {
    await start();
    stop();
    expect(latestSource().closed).toBe(true);
    hide(false);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(FakeSource.made).toHaveLength(1);
  });
});
