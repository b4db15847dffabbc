import type { account as en } from '../en/account';
import type { Words } from '../words';

/** A person’s own account. */
export const account: Words<typeof en> = {
  sessions: 'Sitzungen',
  theme: 'Farbschema',
  'theme.auto': 'Auto',
  'theme.light': 'Hell',
  'theme.dark': 'Dunkel',
  signout: 'Abmelden',
  language: 'Sprache',
  'account.profile': 'Profil',
  'account.roles': 'Rollen',
  'account.roles.none': 'Keine',
  'account.saved': 'Gespeichert.',
  'account.look': 'Darstellung',
  'account.look.about': 'Wird in diesem Browser gemerkt.',
  'account.sessions': 'Wo dieses Konto angemeldet ist, und wie sich das beenden lässt.',
  'account.keys': 'Für Skripte und Maschinen, die im eigenen Namen handeln.',
  'sessions.lead': 'Hier ist dieses Konto angemeldet. Unbekannte Sitzungen beenden.',
  'sessions.this': 'Diese hier',
  'sessions.used': 'benutzt',
  'sessions.since': 'angemeldet',
  'sessions.end': 'Beenden',
  'sessions.end.of': 'Sitzung von {device} beenden',
  'sessions.end.this': 'Hier abmelden',
  'sessions.ended': 'Sitzung beendet.',
  'sessions.ask': 'Diese Sitzung beenden?',
  'sessions.ask.this': 'Hier abmelden?',
  'sessions.ask.about': '{device}, {address}. Danach ist dort eine neue Anmeldung nötig.',
  device: '{browser} unter {system}',
  'device.unknown': 'Unbekanntes Gerät',
};
