import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { allWords } from './locale';

/** A part of the page that did not load. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
}

type Loaded<P> = Promise<Record<string, ComponentType<P>>>;

/** A lazily loaded component that can be fetched ahead of need. */
export type Lazy<P> = LazyExoticComponent<ComponentType<P>> & { preload: () => Promise<void> };

/**
 * Loads a component on first need. Unlike the router's own helper it never reloads the document, which
 * would lose the page when the network is gone; a failed load is thrown as a ChunkError for the boundary.
 * One of the core, such as signing in, says only what the first screen's words have and waits for no others.
 */
export function lazyPart<P>(load: () => Promise<unknown>, name: string, { core = false } = {}): Lazy<P> {
  const once = async () => {
    try {
      const [module] = await Promise.all([load() as Loaded<P>, core ? undefined : allWords()]);
      const found = module[name];
      if (!found) throw new Error(`no export ${name}`);
      return { default: found };
    } catch (cause) {
      throw new ChunkError(name, { cause });
    }
  };
  const part = lazy(once) as Lazy<P>;
  part.preload = () =>
    once().then(
      () => undefined,
      () => undefined,
    );
  return part;
}
