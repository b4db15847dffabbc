import type { users as en } from '../en/users';
import type { Words } from '../words';

/** Users, and what all screens about rights say. */
export const users: Words<typeof en> = {
  'users.title': 'Konten',
  'users.one': 'Konto',
  'users.new': 'Konto anlegen',
  'users.roles': 'Rollen',
  'users.status': 'Status',
  'users.enabled': 'Aktiv',
  'users.disabled': 'Gesperrt',
  'users.seen': 'Letzte Anmeldung',
  'users.never': 'nie',
  'users.created': 'Angelegt',
  'users.password.hint': 'Leer: Das Konto kann sich noch nicht mit Passwort anmelden.',
  'users.beyond':
    'Dieses Konto hat die Berechtigung {permission}, die dem eigenen fehlt. Es lässt sich nicht ändern.',
  'users.password': 'Passwort setzen',
  'users.password.about':
    'Für {email}, falls das alte vergessen ist oder fehlt. Alle Sitzungen des Kontos enden; seine API-Schlüssel bleiben.',
  'users.password.done': '{email} hat das neue Passwort.',
  'users.enable': 'Entsperren',
  'users.enable.ask': '{email} entsperren?',
  'users.enable.about': 'Das Konto kann sich wieder anmelden, mit den Rollen, die es hat.',
  'users.enable.done': '{email} kann sich wieder anmelden.',
  'users.disable': 'Sperren',
  'users.disable.ask': '{email} sperren?',
  'users.disable.about': 'Alle Sitzungen und API-Schlüssel des Kontos enden sofort. Seine Rollen bleiben.',
  'users.disable.done': '{email} ist gesperrt.',
  'access.beyond': 'Gibt {permission}; diese Berechtigung fehlt dem eigenen Konto.',
  'access.everything': 'Alles.',
  'access.count': { one: '{count} Berechtigung', other: '{count} Berechtigungen' },
};
