import { vi } from 'vitest';

/** A stand-in for EventSource that a test speaks through. */
export class FakeSource extends EventTarget {
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

/** Puts the stand-in in the place of EventSource. */
export function fakeSources(): void {
  FakeSource.made = [];
  vi.stubGlobal('EventSource', FakeSource);
}

/** The stream that was opened last. */
export function latestSource(): FakeSource {
  const source = FakeSource.made.at(-1);
  if (!source) throw new Error('no stream was opened');
  return source;
}
