import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { get } from '../api/client';
import type { Items } from '../api/types';

/** A resource that this person may list. */
export interface ResourceLine {
  module: string;
  name: string;
  title: string;
  path: string;
}

/** All that this person may list, of every module. */
export const resourcesQuery = queryOptions({
  queryKey: ['resources'],
  queryFn: async ({ signal }) => (await get<Items<ResourceLine>>('resources', signal)).items,
  staleTime: 30_000,
});

/** The resources of one module. */
export function useResourcesOf(module: string): ResourceLine[] {
  return (useQuery(resourcesQuery).data ?? []).filter((resource) => resource.module === module);
}

/** Links to the tables of a module. */
export function ResourceLinks({ resources }: { resources: ResourceLine[] }) {
  return (
    <ul className="card flush rows">
      {resources.map(({ module, name, title }) => (
        <li key={name}>
          <Link className="module-name" to="/m/$id/r/$resource" params={{ id: module, resource: name }}>
            {title}
          </Link>
        </li>
      ))}
    </ul>
  );
}
