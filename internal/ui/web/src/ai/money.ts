import { region } from '../locale';
import { number } from '../format';
import { t } from '../strings';
import type { Cost } from './types';

/** Money as the reader's language writes it: cents where there are some, two digits where it is less. */
export function money(micros: number, currency: string): string {
  const amount = micros / 1e6;
  if (currency === '') return number(amount);
  const size = Math.abs(amount);
  const digits = size === 0 || size >= 0.095 ? undefined : { maximumSignificantDigits: 2 };
  try {
    return new Intl.NumberFormat(region(), { style: 'currency', currency, ...digits }).format(amount);
  } catch {
    return `${number(amount)} ${currency}`; // no currency that Intl knows the form of
  }
}

/** What something cost, as far as it is known. */
export function costWords(cost: Cost): string {
  const priced = cost.currency !== '';
  if (!priced) return cost.unknown ? t('ai.cost.unknown') : '–';
  const amount = money(cost.micros, cost.currency);
  return cost.unknown ? t('ai.cost.partly', { amount }) : amount;
}
