import { ask } from '../api/client';
import { APIError } from '../api/error';
import { keepFresh } from '../api/session';
import type { Items } from '../api/types';
import { inBase } from '../config';
import { LogBuffer } from './log-buffer';
import type { LogRecord } from './types';

/** Which records are wanted; empty members want all. */
export interface LogFilter {
  /** The least level; empty: info, as the server has it. */
  level: string;
  module: string;
  request: string;
  text: string;
}

/** How the feed stands: asking for its first page, following the server, or without it. */
export type FeedState = 'loading' | 'live' | 'lost' | 'failed';

const pageSize = 200;
const gatherMs = 100;
const firstDelay = 1_000;
const lastDelay = 15_000;

/** A filter as the query of the API. */
export function queryOf(filter: LogFilter): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.level) query.set('level', filter.level);
  if (filter.module) query.set('module', filter.module);
  if (filter.request) query.set('request_id', filter.request);
  if (filter.text) query.set('q', filter.text);
  return query;
}

/**
 * The log of the server as one filter sees it: the stream brings what is new, pages bring what is older, and a
 * stream that was away is made up for by the newest page. The stream is closed while the tab is hidden.
 */
export class LogFeed {
  readonly buffer = new LogBuffer();
  state: FeedState = 'loading';
  error: unknown;
  /** Where the next older page begins; empty when there is none. */
  cursor = '';
  /** Whether an older page is on its way, or did not come. */
  older: 'idle' | 'asking' | 'failed' = 'idle';
  /** How many records the server could not send in time. */
  dropped = 0;

  private source: EventSource | null = null;
  private waiting: LogRecord[] = [];
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private retrying: ReturnType<typeof setTimeout> | undefined;
  private delay = firstDelay;
  private changes = 0;
  private ended = new AbortController();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly filter: LogFilter) {}

  /** Begins to follow; the function it returns ends it. */
  start(): () => void {
    this.ended = new AbortController();
    document.addEventListener('visibilitychange', this.seen);
    void this.begin();
    return () => {
      this.ended.abort();
      this.close();
      document.removeEventListener('visibilitychange', this.seen);
    };
  }

  /** Asks for the newest page, then follows. */
  async begin(): Promise<void> {
    this.close();
    const { signal } = this.ended;
    const first = this.state === 'loading' || this.state === 'failed';
    const query = queryOf(this.filter);
    query.set('limit', String(pageSize));
    try {
      const { data } = await ask<Items<LogRecord>>('GET', `system/logs?${query.toString()}`, { signal });
      if (signal.aborted) return;
      const before = this.buffer.start;
      this.buffer.renew(data.items);
      if (first || this.buffer.start > before) this.cursor = data.next_cursor ?? '';
      this.error = undefined;
      await this.follow(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
      this.set(this.buffer.end > this.buffer.start ? 'lost' : 'failed');
      this.retry();
    }
  }

  /** Asks for the next older page. */
  async more(): Promise<void> {
    if (this.older === 'asking' || !this.cursor || this.buffer.full) return;
    const { signal } = this.ended;
    this.older = 'asking';
    this.tell();
    const query = queryOf(this.filter);
    query.set('limit', String(pageSize));
    query.set('cursor', this.cursor);
    try {
      const { data } = await ask<Items<LogRecord>>('GET', `system/logs?${query.toString()}`, { signal });
      this.cursor = data.next_cursor ?? '';
      this.buffer.prepend(data.items);
      this.older = 'idle';
    } catch (error) {
      // A cursor of a server that has started again: what it led to is gone.
      if (error instanceof APIError && error.status === 400) this.cursor = '';
      this.older = signal.aborted || !this.cursor ? 'idle' : 'failed';
    }
    this.tell();
  }

  /** Calls back when the state has changed; the buffer tells of its records itself. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** How often the state has changed: what a component compares. */
  readonly version = (): number => this.changes;

  private async follow(signal: AbortSignal): Promise<void> {
    if (document.hidden) return;
    await keepFresh().catch(() => undefined);
    if (signal.aborted || this.source) return;
    const { buffer } = this;
    const query = queryOf(this.filter);
    // Nothing may be lost between the page and the stream.
    query.set('after', String(buffer.at(buffer.end - 1)?.seq ?? 0));
    const source = new EventSource(inBase(`api/v1/system/logs/stream?${query.toString()}`));
    this.source = source;
    source.onopen = () => {
      this.delay = firstDelay;
      this.set('live');
    };
    source.onerror = () => {
      this.close();
      this.set('lost');
      this.retry();
    };
    source.addEventListener('log', (event: MessageEvent<string>) => {
      this.take(event.data);
    });
    source.addEventListener('dropped', (event: MessageEvent<string>) => {
      if (buffer.end === buffer.start) return;
      this.dropped += parse<{ count?: number }>(event.data)?.count ?? 0;
      this.tell();
    });
  }

  // A busy server writes more often than a page can be drawn.
  private take(data: string): void {
    const record = parse<LogRecord>(data);
    if (!record) return;
    this.waiting.push(record);
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      this.buffer.append(this.waiting.splice(0));
    }, gatherMs);
  }

  private retry(): void {
    clearTimeout(this.retrying);
    this.retrying = setTimeout(() => void this.begin(), this.delay);
    this.delay = Math.min(this.delay * 2, lastDelay);
  }

  private readonly seen = () => {
    if (document.hidden) this.close();
    else void this.begin();
  };

  private close(): void {
    clearTimeout(this.retrying);
    clearTimeout(this.gathering);
    this.gathering = undefined;
    this.source?.close();
    this.source = null;
    if (this.waiting.length > 0) this.buffer.append(this.waiting.splice(0));
  }

  private set(state: FeedState): void {
    this.state = state;
    this.tell();
  }

  private tell(): void {
    this.changes++;
    this.listeners.forEach((listener) => {
      listener();
    });
  }
}

function parse<T>(data: string): T | undefined {
  try {
    return JSON.parse(data) as T;
  } catch {
    return undefined;
  }
}
