import type { titles as en } from '../en/titles.ts';
import type { Words } from '../words.ts';

/** Titles of what the dashboard itself declares. */
export const titles: Words<typeof en> = {
  'permission.modules.read': 'Module und ihren Zustand sehen',
  'permission.modules.manage': 'Module installieren, aktivieren, deaktivieren und entfernen',
  'permission.settings.read': 'Einstellungen von Modulen sehen',
  'permission.settings.manage': 'Einstellungen von Modulen ändern',
  'permission.users.read': 'Konten und Rollen sehen',
  'permission.users.manage': 'Konten und Rollen anlegen und ändern',
  'permission.audit.read': 'Das Protokoll lesen',
  'permission.api.read': 'Die API-Dokumentation lesen',
  'permission.system.read': 'Das System sehen: Version, Instanzen, Aufgaben und Log',
  'permission.system.manage': 'Aufgaben von Hand starten',
  'permission.limits.read': 'Ratenbegrenzungen sehen und wer abgewiesen wird',
  'permission.limits.manage': 'Ratenbegrenzungen ändern',
  'permission.flags.read': 'Feature-Flags und ihren Verlauf sehen',
  'permission.flags.manage': 'Feature-Flags ändern',
  'permission.flags.evaluate': 'Werte von Feature-Flags unter /ofrep/v1 abfragen',
  'permission.ai.use': 'Modelle fragen',
  'permission.ai.read': 'Sehen, was irgendwer Modelle fragt, verbraucht und bewertet',
  'permission.ai.manage':
    'Prompts und Budgets von Modellen ändern und exportieren, was Menschen von Antworten sagen',
  'role.owner': 'Inhaber',
  'role.viewer': 'Betrachter',
  'limit.address':
    'Alle Anfragen einer Adresse, bevor bekannt ist, wer fragt. Die dieses Rechners zählen nicht.',
  'limit.caller': 'Alle Anfragen einer Person oder eines API-Schlüssels',
  'limit.login-address': 'Anmeldungen von einer Adresse',
  'limit.login-account': 'Falsche Anmeldungen an einem Konto, von überall',
  'limit.ai': 'Anfragen einer Person oder eines API-Schlüssels an Modelle',
  'limit.ai-tokens': 'Tokens, die eine Person oder ein API-Schlüssel von Modellen verbraucht',
  'limit.module': 'Alle Anfragen eines Aufrufers an das Modul',
};
