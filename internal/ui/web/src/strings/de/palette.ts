import type { palette as en } from '../en/palette';
import type { Words } from '../words';

/** The command palette. */
export const palette: Words<typeof en> = {
  'find.placeholder': 'Ansicht, Modul, Kachel oder Aktion',
  'find.results': 'Ergebnisse',
  'find.screen': 'Ansicht',
  'find.module': 'Modul',
  'find.table': 'Tabelle',
  'find.panel': 'Kachel',
  'find.action': 'Aktion',
  'find.settings': 'Einstellungen von {title}',
  'find.theme': 'Farbschema: {name}',
  'find.language': 'Sprache: {name}',
  'find.none': 'Nichts trägt diesen Namen.',
  'find.count': { one: '{count} Ergebnis', other: '{count} Ergebnisse' },
};
