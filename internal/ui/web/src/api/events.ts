import type { QueryClient } from '@tanstack/react-query';
import { inBase } from '../config';
import { reachable } from './connection';
import { keepFresh } from './session';

type Payload = Record<string, unknown>;

const kinds = ['module', 'module-disabled', 'settings', 'panel', 'session-ended'] as const;
type Kind = (typeof kinds)[number];

const firstDelay = 1_000;
const lastDelay = 15_000;

/**
 * Follows the server's event stream and marks what changed as stale. The stream is closed while the tab is
 * hidden, which frees one of the few connections a browser grants, and everything is asked again afterwards.
 */
export function followEvents(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = firstDelay;
  let stopped = false;
  let missed = false;

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };

  const open = async () => {
    close();
    if (stopped || document.hidden) return;
    await keepFresh().catch(() => undefined);
    if (stopped || document.hidden || source) return;
    source = new EventSource(inBase('api/v1/events'));
    source.onopen = () => {
      delay = firstDelay;
      reachable.set(true);
      if (missed) void client.invalidateQueries();
      missed = false;
    };
    source.onerror = () => {
      missed = true;
      close();
      // The probe tells a lost session from a lost server, and shows either.
      void client.invalidateQueries({ queryKey: ['me'] });
      timer = setTimeout(() => void open(), delay);
      delay = Math.min(delay * 2, lastDelay);
    };
    for (const kind of kinds) {
      source.addEventListener(kind, (event: MessageEvent<string>) => {
        heard(client, kind, parse(event.data));
      });
    }
  };

  const seen = () => {
    if (document.hidden) {
      missed = true;
      close();
    } else {
      void open();
    }
  };

  const online = () => {
    delay = firstDelay;
    void open();
  };

  document.addEventListener('visibilitychange', seen);
  addEventListener('online', online);
  void open();
  return () => {
    stopped = true;
    close();
    document.removeEventListener('visibilitychange', seen);
    removeEventListener('online', online);
  };
}

function parse(data: string): Payload {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Payload) : {};
  } catch {
    return {};
  }
}

/** Marks what an event is about as stale; exported for its tests. */
export function heard(client: QueryClient, kind: Kind, event: Payload): void {
  const stale = (...queryKey: unknown[]) => void client.invalidateQueries({ queryKey });
  switch (kind) {
    case 'module':
    case 'module-disabled':
      stale('modules');
      stale('my-modules');
      stale('panels');
      stale('plan', event['id']);
      break;
    case 'settings':
      stale('settings', event['id']);
      stale('panels');
      stale('panel', event['id']);
      break;
    case 'panel':
      stale('panel', event['module'], event['panel']);
      break;
    case 'session-ended':
      stale('me');
      break;
  }
}
