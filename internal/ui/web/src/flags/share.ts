import { number, percentSign } from '../format';

/** A share of 1 in percent. */
export function share(part: number): string {
  return number(Math.round(part * 1000) / 10) + percentSign();
}
