import type { system as en } from '../en/system';
import type { Words } from '../words';

/** The system screens. */
export const system: Words<typeof en> = {
  'system.title': 'System',
};
