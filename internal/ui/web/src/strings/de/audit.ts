import type { audit as en } from '../en/audit';
import type { Words } from '../words';

/** The audit log. */
export const audit: Words<typeof en> = {
  'audit.when': 'Wann',
  'audit.actor': 'Wer',
  'audit.action': 'Was',
  'audit.target': 'Ziel',
  'audit.detail': 'Einzelheiten',
  'audit.filters': 'Filter',
  'audit.about': 'Einen Wert in einer Zeile wählen, um nur Einträge mit ihm zu sehen.',
  'audit.only': 'Nur Einträge damit',
  'audit.all': 'Filter {name} entfernen',
  'audit.none': 'Kein Eintrag hat all das.',
  'audit.system': 'System',
  'audit.more': 'Ältere Einträge anzeigen',
  'audit.empty.title': 'Noch nichts',
  'audit.empty': 'Ab jetzt steht hier, was jemand ändert.',
};
