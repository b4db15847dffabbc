import type { overview as en } from '../en/overview';
import type { Words } from '../words';

/** The overview and its panels. */
export const overview: Words<typeof en> = {
  'overview.open': 'Öffnen',
  'overview.empty.title': 'Noch nichts zu sehen',
  'overview.empty': 'Hier erscheinen Kacheln, sobald ein Modul aktiviert ist, das welche hat.',
  'overview.empty.action': 'Zu den Modulen',
  panels: 'Kacheln',
  'panel.asof': 'Stand {time}',
  'panel.stale': 'Stand {time}, wird nicht aktualisiert',
  'panel.failed': 'Diese Kachel ist ausgefallen. Der Rest der Seite funktioniert weiter.',
  'panel.unknown': 'Diese Version der Seite kann diese Kachel nicht anzeigen. Die Seite neu laden.',
  'panel.table': '{title}, als Tabelle',
  'panel.empty': 'Keine Zeilen.',
  'panel.collecting': 'Die ersten Werte werden gesammelt.',
  'stat.up': 'gestiegen',
  'stat.down': 'gefallen',
  'chart.label': '{title}. Zuletzt: {values}',
  'chart.table': 'Als Tabelle anzeigen',
  'chart.time': 'Zeit',
};
