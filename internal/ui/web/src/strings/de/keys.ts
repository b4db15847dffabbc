import type { keys as en } from '../en/keys';
import type { Words } from '../words';

/** API keys. */
export const keys: Words<typeof en> = {
  'keys.title': 'API-Schlüssel',
};
