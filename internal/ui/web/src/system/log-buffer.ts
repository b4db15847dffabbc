import type { LogRecord } from './types';

// A page of a busy day and what comes while it is read.
const maxRecords = 110_000;
// How far a page from the server may overlap what the stream has brought already.
const overlap = 2_000;

/**
 * The records that the page knows, newest last, so that a new one costs nothing however many there are. Positions
 * are absolute: a record keeps its own when older ones come or the oldest are dropped.
 */
export class LogBuffer {
  private records: LogRecord[] = [];
  private base = 0;
  private changes = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly limit = maxRecords) {}

  /** The position of the oldest record. */
  get start(): number {
    return this.base;
  }

  /** The position behind the newest record. */
  get end(): number {
    return this.base + this.records.length;
  }

  /** Whether no older page can be taken. */
  get full(): boolean {
    return this.records.length >= this.limit;
  }

  /** The record at a position. */
  at(position: number): LogRecord | undefined {
    return this.records[position - this.base];
  }

  /** Takes what the stream brought, oldest first. */
  append(fresh: LogRecord[]): void {
    const unseen = this.unseen(fresh);
    if (unseen.length === 0) return;
    for (const record of unseen) this.records.push(record);
    this.trim();
    this.tell();
  }

  /** Takes the newest page, newest first. When nothing of it is known there is a gap, and the page replaces all. */
  renew(page: LogRecord[]): void {
    if (page.length === 0) return;
    const known = this.recent();
    const met = page.findIndex((record) => known.has(keyOf(record)));
    if (met >= 0) {
      this.append(page.slice(0, met).reverse());
      return;
    }
    this.base = this.end;
    this.records = page.toReversed();
    this.tell();
  }

  /** Takes an older page, newest first. */
  prepend(page: LogRecord[]): void {
    const older = page.slice(0, this.limit - this.records.length).toReversed();
    this.records = [...older, ...this.records];
    this.base -= older.length;
    this.tell();
  }

  /** Calls back when something has changed. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** How often something has changed: what a component compares. */
  readonly version = (): number => this.changes;

  private unseen(given: LogRecord[]): LogRecord[] {
    const last = this.records.at(-1);
    if (!last || given.every((record) => record.seq > last.seq)) return given;
    const known = this.recent();
    return given.filter((record) => !known.has(keyOf(record)));
  }

  private recent(): Set<string> {
    return new Set(this.records.slice(-overlap).map(keyOf));
  }

  private trim(): void {
    const over = this.records.length - this.limit;
    if (over <= 0) return;
    // Room for a tenth at once, or every record that comes to a full buffer would move all others.
    const cut = over + Math.floor(this.limit / 10);
    this.records.splice(0, cut);
    this.base += cut;
  }

  private tell(): void {
    this.changes++;
    this.listeners.forEach((listener) => {
      listener();
    });
  }
}

// A server that was started again counts from one again.
function keyOf(record: LogRecord): string {
  return `${String(record.seq)} ${record.time}`;
}
