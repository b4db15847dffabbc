import type { audit as en } from '../en/audit';
import type { Words } from '../words';

/** The audit log. */
export const audit: Words<typeof en> = {
  'audit.when': 'Wann',
  'audit.who': 'Wer',
  'audit.what': 'Was',
  'audit.target': 'Ziel',
  'audit.detail': 'Einzelheiten',
  'audit.system': 'System',
  'audit.more': 'Ältere Einträge anzeigen',
  'audit.empty.title': 'Noch nichts',
  'audit.empty': 'Ab jetzt steht hier, was jemand ändert.',
};
