import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { get } from '../api/client';
import { panelsQuery } from '../api/module-queries';
import type { Items, MyModule } from '../api/types';

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

/** The table that is all a module has to show, which then is its page. */
export function useOnlyTable(module: MyModule | undefined): ResourceLine | undefined {
  const panels = useQuery(panelsQuery).data;
  const resources = useResourcesOf(module?.id ?? '');
  if (!module || !panels || module.script || module.settings || resources.length !== 1) return undefined;
  return panels.some((panel) => panel.module === module.id) ? undefined : resources[0];
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
