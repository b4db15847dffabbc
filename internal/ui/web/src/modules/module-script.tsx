import { useRouter } from '@tanstack/react-router';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { ask } from '../api/client';
import { config, inBase } from '../config';
import { region } from '../locale';
import { Button } from '../parts/button';
import { Notice } from '../parts/notice';
import { Skeleton } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { say, t, type Entry } from '../strings';
import { en } from '../strings/en';
import { shownTheme } from '../theme';
import { mountScript, quietly, ScriptError, type ModuleContext, type ScriptFault } from './contract';

export interface ModuleScriptProps {
  id: string;
  title: string;
  script: string;
  /** Of the place while nothing is drawn. */
  height: string;
  /** Called when the script has drawn, or will not. */
  onSettled: () => void;
}

const catalog: Partial<Record<string, Entry>> = en;
const keys = Object.keys(en);

type State = 'loading' | 'ready' | ScriptFault;

/** The place where a module's own script draws, contained: what goes wrong there is said there. */
export function ModuleScript({ id, title, script, height, onSettled }: ModuleScriptProps) {
  const box = useRef<HTMLDivElement>(null);
  const router = useRouter();
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<State>('loading');
  const settled = useRef(onSettled);

  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const element = document.createElement('div');
    host.replaceChildren(element);
    const controller = new AbortController();
    let undo: (() => void) | undefined;
    const context = makeContext(id, controller.signal, (path) => {
      router.history.push(path);
    });
    mountScript(address(script, attempt), element, context).then(
      (cleanup) => {
        if (controller.signal.aborted) {
          quietly(cleanup);
          return;
        }
        undo = cleanup;
        setState('ready');
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        controller.abort();
        element.remove();
        console.warn(`the script of module ${id} failed`, error);
        setState(error instanceof ScriptError ? error.fault : 'threw');
      },
    );
    return () => {
      controller.abort();
      if (undo) quietly(undo);
      element.remove();
    };
  }, [id, script, attempt, router]);

  useLayoutEffect(() => {
    if (state !== 'loading') settled.current();
  }, [state]);

  const faulty = state !== 'loading' && state !== 'ready';
  return (
    <section aria-label={title} aria-busy={state === 'loading'}>
      {state === 'loading' && <Skeleton height={height} />}
      {faulty && (
        <Notice kind="bad" title={t('script.title', { title })} alert>
          <p>{t(`script.${state}`)}</p>
          <Button
            onClick={() => {
              setState('loading');
              setAttempt(attempt + 1);
            }}
          >
            {t('retry')}
          </Button>
        </Notice>
      )}
      <div ref={box} className="module-root" hidden={state !== 'ready'} />
    </section>
  );
}

// A browser remembers a module that failed under its address; another attempt needs another one.
function address(script: string, attempt: number): string {
  const url = new URL(inBase(script.replace(/^\//, '')), location.origin);
  if (attempt > 0) url.searchParams.set('attempt', String(attempt));
  return url.href;
}

function makeContext(id: string, signal: AbortSignal, push: (path: string) => void): ModuleContext {
  const call = async <T,>(method: string, path: string, body?: unknown) =>
    (await ask<T>(method, `m/${encodeURIComponent(id)}/${path.replace(/^\//, '')}`, { body, signal })).data;
  const base = `${config.base}m/${id}/`;
  return {
    api: {
      get: (path) => call('GET', path),
      post: (path, body = {}) => call('POST', path, body),
      put: (path, body = {}) => call('PUT', path, body),
      patch: (path, body = {}) => call('PATCH', path, body),
      delete: (path) => call('DELETE', path),
    },
    base,
    signal,
    notify,
    navigate: (path) => {
      push(path.startsWith('/') ? config.base.slice(0, -1) + path : base + path);
    },
    theme: shownTheme(),
    locale: region(),
    t: (key, values) => say(keys.indexOf(key), catalog[key] ?? key, values),
  };
}
