import type { forms as en } from '../en/forms';
import type { Words } from '../words';

/** Forms made from a schema. */
export const forms: Words<typeof en> = {
  'form.submit': 'Absenden',
  'form.sent': 'Erledigt.',
  'form.required': 'Das wird gebraucht.',
  'form.number': 'Eine Zahl eingeben.',
  'form.integer': 'Eine ganze Zahl eingeben.',
  'form.min': 'Muss mindestens {min} sein.',
  'form.max': 'Darf höchstens {max} sein.',
  'form.above': 'Muss mehr als {min} sein.',
  'form.below': 'Muss weniger als {max} sein.',
  'form.short': { one: 'Mindestens {count} Zeichen.', other: 'Mindestens {count} Zeichen.' },
  'form.long': { one: 'Höchstens {count} Zeichen.', other: 'Höchstens {count} Zeichen.' },
  'form.few': { one: 'Mindestens {count} Zeile.', other: 'Mindestens {count} Zeilen.' },
  'form.many': { one: 'Höchstens {count} Zeile.', other: 'Höchstens {count} Zeilen.' },
  'form.pattern': 'Das hat nicht die erwartete Form.',
  'form.json': 'Das ist kein gültiges JSON.',
  'form.duration': 'Eine Dauer wie 500ms, 2s oder 1m30s eingeben.',
  'form.duration.hint': 'Eine Dauer wie 500ms, 2s oder 1m30s.',
  'form.lines.hint': 'Ein Eintrag je Zeile.',
  'form.between': 'Von {min} bis {max}.',
  'form.atleast': 'Mindestens {min}.',
  'form.atmost': 'Höchstens {max}.',
  'form.secret.stored': 'Ein Wert ist gespeichert und wird nicht angezeigt. Leer lassen, um ihn zu behalten.',
  'form.secret.none': 'Kein Wert gespeichert.',
  'form.secret.keep': 'Unverändert',
  'form.secret.old': 'Gespeicherter Wert',
  'form.secret.new': 'Neuer Wert',
  'form.empty': 'Leer',
};
