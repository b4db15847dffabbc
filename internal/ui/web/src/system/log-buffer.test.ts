import { describe, expect, it, vi } from 'vitest';
import { LogBuffer } from './log-buffer';
import type { LogRecord } from './types';

const record = (seq: number, time = String(seq)): LogRecord => ({
  seq,
  time,
  level: 'info',
  message: `m${String(seq)}`,
  attrs: {},
});
const page = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => record(from - i)); // newest first
const seqs = (buffer: LogBuffer) =>
  Array.from({ length: buffer.end - buffer.start }, (_, i) => buffer.at(buffer.start + i)?.seq);

describe('the log’s buffer', () => {
  it('takes the newest page, what comes after it, and older pages, in the order of time', () => {
    const buffer = new LogBuffer();
    buffer.renew(page(6, 4));
    buffer.append([record(7)]);
    buffer.prepend(page(3, 2));
    expect(seqs(buffer)).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('keeps the position of a record when older ones come', () => {
    const buffer = new LogBuffer();
    buffer.renew(page(6, 4));
    const at = buffer.end - 1;
    buffer.prepend(page(3, 1));
    expect(buffer.at(at)?.seq).toBe(6);
  });

  it('takes a record once, whether the page or the stream brings it first', () => {
    const buffer = new LogBuffer();
    buffer.append([record(5), record(6)]);
    buffer.renew(page(7, 4));
    buffer.append([record(6), record(7), record(8)]);
    expect(seqs(buffer)).toEqual([5, 6, 7, 8]);
  });

  it('replaces everything after a gap, at new positions', () => {
    const buffer = new LogBuffer();
    buffer.renew(page(3, 1));
    const { end } = buffer;
    buffer.renew(page(900, 800));
    expect(buffer.start).toBe(end);
    expect(buffer.at(buffer.start)?.seq).toBe(800);
  });

  it('knows a server that counts from one again', () => {
    const buffer = new LogBuffer();
    buffer.renew([record(1, 'before')]);
    buffer.append([record(1, 'after')]);
    expect(seqs(buffer)).toEqual([1, 1]);
  });

  it('drops the oldest beyond its limit and takes no older pages then', () => {
    const buffer = new LogBuffer(100);
    buffer.append(Array.from({ length: 100 }, (_, i) => record(i + 1)));
    expect(buffer.full).toBe(true);
    buffer.prepend(page(0, 0));
    buffer.append([record(101)]);
    expect(seqs(buffer)[0]).toBe(12); // and makes room for a tenth more
    expect(seqs(buffer).at(-1)).toBe(101);
    expect(buffer.at(buffer.end - 1)?.seq).toBe(101);
  });

  it('tells of changes only', () => {
    const buffer = new LogBuffer();
    const heard = vi.fn();
    buffer.subscribe(heard);
    buffer.append([record(1)]);
    buffer.append([record(1)]);
    buffer.renew([]);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(buffer.version()).toBe(1);
  });
});
