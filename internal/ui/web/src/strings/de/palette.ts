import type { palette as en } from '../en/palette';
import type { Words } from '../words';

/** The command palette. */
export const palette: Words<typeof en> = {
  'find.placeholder': 'Ansicht oder Modul',
  'find.results': 'Ziele',
  'find.screen': 'Ansicht',
  'find.module': 'Modul',
  'find.settings': 'Einstellungen von {title}',
  'find.none': 'Nichts trägt diesen Namen.',
  'find.count': { one: '{count} Ziel', other: '{count} Ziele' },
};
