import type { account as en } from '../en/account';
import type { Words } from '../words';

/** A person’s own account. */
export const account: Words<typeof en> = {
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
