import { t } from './strings';

/** Any JSON value as text for a person. */
export function show(value: unknown): string {
  if (value === undefined || value === null || value === '') return t('form.empty');
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return value.length === 0 ? t('form.empty') : value.join(', ');
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
