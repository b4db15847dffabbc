/** What a module's script gets; part of the module UI contract, version 1. */
export interface ModuleContext {
  /** Calls below the module's own API, `api/v1/m/<id>/`, with this person's session. */
  api: {
    get: <T>(path: string) => Promise<T>;
    post: <T>(path: string, body?: unknown) => Promise<T>;
    put: <T>(path: string, body?: unknown) => Promise<T>;
    patch: <T>(path: string, body?: unknown) => Promise<T>;
    delete: <T>(path: string) => Promise<T>;
  };
  /** Absolute path of the module's page, with a slash at the end. */
  base: string;
  /** Aborted when the page is left. */
  signal: AbortSignal;
  /** Says one sentence to the person. */
  notify: (text: string, kind?: 'good' | 'bad') => void;
  /** Goes to a path below the module's page, or with a leading slash to one of the dashboard. */
  navigate: (path: string) => void;
  theme: 'light' | 'dark';
  locale: string;
  /** A sentence of the dashboard's own catalog, or the key when it has none. */
  t: (key: string, values?: Record<string, string | number>) => string;
}

type Cleanup = () => void;

interface ModuleScript {
  apiVersion?: unknown;
  mount?: unknown;
}

/** Why a module's script does not show. */
export type ScriptFault = 'load' | 'version' | 'timeout' | 'threw';

export class ScriptError extends Error {
  override readonly name = 'ScriptError';

  constructor(
    readonly fault: ScriptFault,
    cause?: unknown,
  ) {
    super(fault, { cause });
  }
}

/** Fetches a script by its address. */
export type ImportScript = (url: string) => Promise<unknown>;

const importScript: ImportScript = (url) => import(/* @vite-ignore */ url);

/** How long a script may take to load, and again to mount. */
export const scriptTimeoutMs = 10_000;

/**
 * Loads a module's script and mounts it. Rejects with a ScriptError when the script is missing, speaks another
 * version, throws or takes too long; a cleanup that comes after the abort is run at once.
 */
export async function mountScript(
  url: string,
  element: HTMLElement,
  context: ModuleContext,
  load: ImportScript = importScript,
): Promise<Cleanup> {
  const script = (await within(
    load(url).catch((cause: unknown) => {
      throw new ScriptError('load', cause);
    }),
    context.signal,
  )) as ModuleScript;
  if (script.apiVersion !== 1 || typeof script.mount !== 'function') throw new ScriptError('version');
  const mount = script.mount as (element: HTMLElement, context: ModuleContext) => unknown;
  const mounting = (async () => await mount(element, context))();
  try {
    return cleanup(await within(mounting, context.signal));
  } catch (error) {
    // Whatever comes too late is undone as soon as it comes.
    void mounting.then(
      (late) => {
        quietly(cleanup(late));
      },
      () => undefined,
    );
    throw error instanceof ScriptError ? error : new ScriptError('threw', error);
  }
}

/** Runs a cleanup; one that throws must not take the page with it. */
export function quietly(undo: Cleanup): void {
  try {
    undo();
  } catch (error) {
    console.warn('a module script failed to clean up', error);
  }
}

function cleanup(value: unknown): Cleanup {
  return typeof value === 'function' ? (value as Cleanup) : () => undefined;
}

function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new ScriptError('timeout'));
    }, scriptTimeoutMs);
    const aborted = () => {
      reject(new ScriptError('threw', signal.reason));
    };
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    });
  });
}
