import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reachable } from './connection';
import { followEvents, staleBy } from './events';

class FakeSource extends EventTarget {
  static made: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  constructor(readonly url: string) {
    super();
    FakeSource.made.push(this);
  }

  close() {
    this.closed = true;
  }

  say(kind: string, data: unknown) {
    this.dispatchEvent(
      new MessageEvent(kind, { data: typeof data === 'string' ? data : JSON.stringify(data) }),
    );
  }
}

function hide(hidden: boolean) {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}

const latest = () => {
  const source = FakeSource.made.at(-1);
  if (!source) throw new Error('no stream was opened');
  return source;
};

describe('the event stream', () => {
  let client: QueryClient;
  let keys: unknown[];
  let stop: () => void;

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', FakeSource);
    FakeSource.made = [];
    client = new QueryClient();
    keys = [];
    vi.spyOn(client, 'invalidateQueries').mockImplementation((filters) => {
      keys.push(filters?.queryKey ?? 'all');
      return Promise.resolve();
    });
    stop = followEvents(client);
    await vi.advanceTimersByTimeAsync(0);
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    hide(false);
  });

  it('marks what changed as stale, once for a burst of events', async () => {
    for (const state of ['draining', 'disabling', 'installed'])
      latest().say('module', { id: 'system', state });
    expect(keys).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(keys).toEqual([['modules'], ['my-modules'], ['panels'], ['plan', 'system']]);
  });

  it('survives data that is not JSON', async () => {
    latest().say('settings', 'nonsense');
    await vi.advanceTimersByTimeAsync(100);
    expect(keys[0]).toEqual(['settings', undefined]);
  });

  it('opens again after a failure, later each time, and then asks for everything', async () => {
    latest().onopen?.();
    latest().onerror?.();
    expect(latest().closed).toBe(true);
    expect(keys).toEqual([['me']]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSource.made).toHaveLength(2);
    latest().onerror?.();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSource.made).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSource.made).toHaveLength(3);
    reachable.set(false);
    latest().onopen?.();
    expect(keys.at(-1)).toBe('all');
    expect(reachable.get()).toBe(true);
  });

  it('is closed while the tab is hidden, and opened when it is seen', async () => {
    hide(true);
    expect(latest().closed).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSource.made).toHaveLength(1);
    hide(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSource.made).toHaveLength(2);
  });

  it('ends with its owner', async () => {
    latest().onerror?.();
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSource.made).toHaveLength(1);
  });

  it('says that the browser is offline at once', () => {
    reachable.set(true);
    dispatchEvent(new Event('offline'));
    expect(reachable.get()).toBe(false);
    reachable.set(true);
  });
});

describe('an event', () => {
  it.each([
    ['settings', { id: 'a' }, [['settings', 'a'], ['panels'], ['panel', 'a']]],
    ['panel', { module: 'a', panel: 'b' }, [['panel', 'a', 'b']]],
    ['limit', {}, [['limits']]],
    ['session-ended', {}, [['me']]],
    ['resync', {}, [[]]],
    ['shutdown', {}, []],
  ] as const)('%s makes its own keys stale', (kind, event, want) => {
    expect(staleBy(kind, event)).toEqual(want);
  });
});
