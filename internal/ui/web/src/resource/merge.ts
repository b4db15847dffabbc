import { fromControls, toControls, type FormField } from '../forms/schema';
import type { Item } from './types';

/**
 * What a form changed, as an RFC 7396 merge patch: only what differs, and null for what was emptied. What the form
 * does not show stays as it is.
 */
export function mergePatch(fields: FormField[], before: Item, after: Item): Item {
  // The form's own reading of the values: a null it showed as empty text is no change.
  return compare(fields, fromControls(fields, toControls(fields, before)), after);
}

function compare(fields: FormField[], before: Item, after: Item): Item {
  const patch: Item = {};
  for (const field of fields) {
    const key = field.name.slice(field.name.lastIndexOf('.') + 1);
    const [old, now] = [before[key], after[key]];
    if (field.control === 'group') {
      const inner = compare(field.fields, object(old), object(now));
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (now === undefined) {
      if (old !== undefined) patch[key] = null;
    } else if (JSON.stringify(old) !== JSON.stringify(now)) {
      patch[key] = now;
    }
  }
  return patch;
}

function object(value: unknown): Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Item) : {};
}
