import type { resource as en } from '../en/resource';
import type { Words } from '../words';

/** Lists and items of any resource. */
export const resource: Words<typeof en> = {
  'resource.title': 'Ressource',
};
