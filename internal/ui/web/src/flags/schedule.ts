import { isObject, type Json } from './definition';

/** One step of a schedule: from a moment on the flag is on or off, or a share of people is in or gets a variant. */
export interface Step {
  at: string;
  state?: string;
  variant?: string;
  percent?: number;
}

/** Reads the steps of the metadata's text; undefined where it is no list of steps the form can show. */
export function readSchedule(text: string): Step[] | undefined {
  if (text.trim() === '') return [];
  try {
    const list = JSON.parse(text) as Json;
    return Array.isArray(list) && list.every(isStep) ? (list as unknown as Step[]) : undefined;
  } catch {
    return undefined;
  }
}

function isStep(step: Json): boolean {
  if (!isObject(step) || typeof step['at'] !== 'string') return false;
  const names = Object.keys(step).filter((name) => name !== 'at');
  if (names.length === 1 && names[0] === 'state') return step['state'] === 'on' || step['state'] === 'off';
  return (
    names.length > 0 &&
    names.every(
      (name) =>
        (name === 'percent' && typeof step[name] === 'number') ||
        (name === 'variant' && typeof step[name] === 'string'),
    )
  );
}

/** The text of steps, by time; nothing for none. */
export function writeSchedule(steps: readonly Step[]): string | undefined {
  return steps.length === 0 ? undefined : JSON.stringify(steps);
}

/** A prerequisite: another flag has to serve a variant. */
export interface Prerequisite {
  key: string;
  variant: string;
}

/** Reads `other=on, third=beta`. */
export function readPrerequisites(text: string): Prerequisite[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const at = part.lastIndexOf('=');
      return at < 0
        ? { key: part, variant: '' }
        : { key: part.slice(0, at).trim(), variant: part.slice(at + 1).trim() };
    });
}

export function writePrerequisites(list: readonly Prerequisite[]): string | undefined {
  const parts = list.map(({ key, variant }) => (variant === '' ? key : `${key}=${variant}`));
  return parts.length === 0 ? undefined : parts.join(', ');
}
