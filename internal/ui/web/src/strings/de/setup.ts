import type { setup as en } from '../en/setup.ts';
import type { Words } from '../words.ts';

export const setup: Words<typeof en> = {
  'setup.title': 'Willkommen bei {title}',
  'setup.lead': 'Das erste Konto anlegen. Ihm gehört dieses Dashboard.',
  'setup.no-token':
    'Den Einrichtungslink öffnen, den der Server beim Start ausgegeben hat, oder hier dessen Token eingeben.',
  'setup.token': 'Einrichtungs-Token',
  'setup.token.hint': 'Der Teil des Links nach #.',
  'setup.password.hint': 'Ein langer Satz ist besser als ein kurzes Rätsel.',
  'setup.create': 'Konto anlegen',
  'setup.busy': 'Konto wird angelegt …',
  'setup.refused.title': 'Der Einrichtungslink gilt nicht mehr',
  'setup.refused':
    'Er wurde vielleicht schon benutzt oder ist abgelaufen. Ein Neustart des Servers liefert einen neuen.',
};
