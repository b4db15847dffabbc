import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { inBase } from '../config';
import { reachable } from './connection';
import { keepFresh } from './session';

type Payload = Record<string, unknown>;

const kinds = [
  'module',
  'settings',
  'panel',
  'limit',
  'flag.changed',
  'ai-rules',
  'prompt',
  'session-ended',
  'resync',
  'shutdown',
  'overflow',
] as const;
type Kind = (typeof kinds)[number];

const firstDelay = 1_000;
const lastDelay = 15_000;
const gatherMs = 60;

/**
 * Follows the server's event stream and marks what changed as stale. The stream is closed while the tab is
 * hidden, which frees one of the few connections a browser grants, and everything is asked again afterwards.
 */
export function followEvents(client: QueryClient): () => void {
  const stale = gather(client);
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
        stale(staleBy(kind, parse(event.data)));
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
    stale([['me']]);
    void open();
  };
  const offline = () => {
    reachable.set(false);
  };

  document.addEventListener('visibilitychange', seen);
  addEventListener('online', online);
  addEventListener('offline', offline);
  void open();
  return () => {
    stopped = true;
    close();
    document.removeEventListener('visibilitychange', seen);
    removeEventListener('online', online);
    removeEventListener('offline', offline);
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

/** The keys of what an event makes stale. */
export function staleBy(kind: Kind, event: Payload): QueryKey[] {
  switch (kind) {
    case 'module':
      return [['modules'], ['my-modules'], ['panels'], ['plan', event['id']]];
    case 'settings':
      return [['settings', event['id']], ['panels'], ['panel', event['id']]];
    case 'panel':
      return [['panel', event['module'], event['panel']]];
    case 'limit':
      return [['limits']];
    case 'flag.changed':
      return [['flags']];
    case 'ai-rules':
      return [
        ['ai', 'budgets'],
        ['ai', 'access'],
      ];
    case 'prompt':
      return [['ai', 'prompts']];
    case 'session-ended':
      return [['me']];
    case 'resync':
      return [[]];
    default:
      return []; // the stream ends; its error handler goes on
  }
}

/** Gathers stale keys for a moment: one action of a person is a dozen events. */
function gather(client: QueryClient): (keys: QueryKey[]) => void {
  const waiting = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (keys) => {
    for (const key of keys) waiting.set(JSON.stringify(key), key);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const queryKey of waiting.values()) void client.invalidateQueries({ queryKey });
      waiting.clear();
    }, gatherMs);
  };
}
