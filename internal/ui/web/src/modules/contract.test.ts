import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mountScript, quietly, scriptTimeoutMs, ScriptError, type ModuleContext } from './contract';

const element = document.createElement('div');
let controller: AbortController;
let context: ModuleContext;

beforeEach(() => {
  vi.useFakeTimers();
  controller = new AbortController();
  context = { signal: controller.signal } as ModuleContext;
});

afterEach(() => {
  vi.useRealTimers();
});

const fault = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof ScriptError ? error.fault : error;
};
const never = () => new Promise<never>(() => undefined);
const script =
  (mount: unknown, apiVersion: unknown = 1) =>
  () =>
    Promise.resolve({ apiVersion, mount });

describe('a module script', () => {
  it('is mounted with the element and the context, and cleaned up', async () => {
    const cleanup = vi.fn();
    const mount = vi.fn(() => cleanup);
    const undo = await mountScript('x', element, context, script(mount));
    expect(mount).toHaveBeenCalledWith(element, context);
    undo();
    expect(cleanup).toHaveBeenCalledOnce();
  });

  it('is what the README shows', async () => {
    const load = import.meta.glob('./example.js')['./example.js'];
    const get = vi.fn(() => Promise.resolve({ items: [1, 2, 3] }));
    const undo = await mountScript(
      'x',
      element,
      { ...context, api: { get } } as unknown as ModuleContext,
      load,
    );
    expect(get).toHaveBeenCalledWith('entries');
    expect(element.textContent).toBe('3 entries');
    undo();
    expect(element.textContent).toBe('');
  });

  it('may mount later, and without a cleanup', async () => {
    const undo = await mountScript(
      'x',
      element,
      context,
      script(() => Promise.resolve()),
    );
    expect(undo()).toBeUndefined();
  });

  it.each([
    ['does not load', () => Promise.reject(new TypeError('404')), 'load'],
    ['is of another version', script(() => undefined, 2), 'version'],
    ['names no version', () => Promise.resolve({ mount: () => undefined }), 'version'],
    ['has nothing to mount', () => Promise.resolve({ apiVersion: 1 }), 'version'],
    [
      'throws',
      script(() => {
        throw new Error('x');
      }),
      'threw',
    ],
    ['rejects', script(() => Promise.reject(new Error('x'))), 'threw'],
  ])('that %s is told as such', async (_, load, want) => {
    expect(await fault(mountScript('x', element, context, load))).toBe(want);
  });

  it.each([
    ['to load', never],
    ['to mount', script(never)],
  ])('that takes for ever %s is stopped', async (_, load) => {
    const result = fault(mountScript('x', element, context, load));
    await vi.advanceTimersByTimeAsync(scriptTimeoutMs);
    expect(await result).toBe('timeout');
  });

  it('that is left while it mounts is undone when it comes', async () => {
    const cleanup = vi.fn();
    let arrive: (undo: () => void) => void = () => undefined;
    const result = fault(
      mountScript(
        'x',
        element,
        context,
        script(
          () =>
            new Promise((resolve) => {
              arrive = resolve;
            }),
        ),
      ),
    );
    await vi.advanceTimersByTimeAsync(0);
    controller.abort();
    expect(await result).toBe('threw');
    arrive(cleanup);
    await vi.advanceTimersByTimeAsync(0);
    expect(cleanup).toHaveBeenCalledOnce();
  });

  it('that fails to clean up harms nobody', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    quietly(() => {
      throw new Error('x');
    });
    expect(warn).toHaveBeenCalledOnce();
  });
});
