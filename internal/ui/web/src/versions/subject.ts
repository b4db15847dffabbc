import type { QueryKey } from '@tanstack/react-query';

/** What versions are kept of. */
export interface Subject {
  name: string;
  /** Where it is saved, below api/v1; it is rolled back below that. */
  path: string;
  /** The cached queries that a change makes old begin with this. */
  queries: QueryKey;
}

/** A state that was saved. */
export interface Version {
  version: number;
  at: string;
  by: { id: string; name: string };
  comment: string;
  /** As people compare it, a text or a definition; null where it was deleted. */
  content: unknown;
}
