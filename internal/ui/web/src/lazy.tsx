import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

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
 */
export function lazyPart<P>(load: () => Promise<unknown>, name: string): Lazy<P> {
  const once = async () => {
    try {
      const found = (await (load() as Loaded<P>))[name];
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
