import { number } from '../format';
import { region } from '../locale';
import { t } from '../strings';

/** A rate limit's policy in two parts: its text, and whether it refuses nobody and is only counted. */
export interface Policy {
  text: string;
  shadow: boolean;
}

const form = /^([1-9]\d*)\/([1-9]\d*)?(ms|s|m|h|d)(?: burst ([1-9]\d*))?$/;
const seconds: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };
const units: Record<string, string> = { ms: 'millisecond', s: 'second', m: 'minute', h: 'hour', d: 'day' };
const most = 1_000_000_000;
const longest = 366 * 86_400;

/** Takes a policy such as `100/m burst 20 shadow` apart. */
export function splitPolicy(policy: string): Policy {
  const words = policy.trim().split(/\s+/);
  const shadow = words.at(-1) === 'shadow';
  return { text: (shadow ? words.slice(0, -1) : words).join(' '), shadow };
}

/** Puts a policy together as the server reads it. */
export function joinPolicy(text: string, shadow: boolean): string {
  const typed = splitPolicy(text);
  return typed.text + (shadow || typed.shadow ? ' shadow' : '');
}

/** What is wrong with a policy's text; empty: nothing. The server has the last word. */
export function policyProblem(text: string): string {
  const found = form.exec(splitPolicy(text).text);
  if (!found) return t('limits.policy.wrong');
  const [, limit, count = '1', unit = '', burst = '1'] = found;
  const fits =
    Number(limit) <= most && Number(burst) <= most && Number(count) * (seconds[unit] ?? 0) <= longest;
  return fits ? '' : t('limits.policy.far', { most: number(most) });
}

/** A policy in words; empty when its text is none. */
export function policyWords(policy: string): string {
  const found = form.exec(splitPolicy(policy).text);
  if (!found) return '';
  const [, limit, count = '1', unit = '', burst = limit] = found;
  const span = new Intl.NumberFormat(region(), { style: 'unit', unit: units[unit], unitDisplay: 'long' });
  return t('limits.words', {
    limit: number(Number(limit)),
    span: span.format(Number(count)),
    burst: number(Number(burst)),
  });
}
