import { setLocale, type Locale } from '../locale';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { departed } from './arrival';

/** Draws the page in another language; its heading takes the focus, as on a page that is new. */
export async function changeLocale(next: Locale): Promise<void> {
  try {
    departed();
    await setLocale(next);
  } catch {
    notify(t('chunk'), 'bad');
  }
}
