import { locale, locales, type Locale } from '../locale';
import { Segments } from '../parts/segments';
import { useStore } from '../store';
import { t } from '../strings';
import { setTheme, theme, type Theme } from '../theme';
import { changeLocale } from './change-locale';

const themes: Theme[] = ['auto', 'light', 'dark'];

/** How the page looks and speaks, remembered in this browser. `name` tells two of these apart. */
export function Preferences({ name }: { name: string }) {
  return (
    <>
      <Segments
        label={t('theme')}
        name={`${name}-theme`}
        options={themes.map((value) => ({ value, text: t(`theme.${value}`) }))}
        value={useStore(theme)}
        onChange={setTheme}
      />
      <Segments
        label={t('language')}
        name={`${name}-language`}
        options={(Object.keys(locales) as Locale[]).map((value) => ({
          value,
          text: locales[value],
          lang: value,
        }))}
        value={useStore(locale)}
        onChange={(next) => void changeLocale(next)}
      />
    </>
  );
}
