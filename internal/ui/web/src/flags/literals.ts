import type { Json } from './definition';

const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * A value as people write it in a field: a number, true or false, and else text. Text that looks like one of those, or
 * would not stand alone in a list, is written in quotes.
 */
export function readLiteral(text: string): Json {
  const word = text.trim();
  if (word === 'true' || word === 'false') return word === 'true';
  if (number.test(word)) return Number(word);
  if (/^".*"$/s.test(word)) {
    try {
      return JSON.parse(word) as Json;
    } catch {
      // Quotes that are part of the text.
    }
  }
  return word;
}

export function writeLiteral(value: Json): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return same(value) ? value : JSON.stringify(value);
}

function same(text: string): boolean {
  return readLiteral(text) === text;
}

/** Several values, with commas between them. */
export function readList(text: string): Json[] {
  const parts = text.match(/\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(,|$)/g) ?? [];
  return parts
    .map((part) => part.replace(/,$/, '').trim())
    .filter(Boolean)
    .map(readLiteral);
}

export function writeList(values: Json): string {
  if (!Array.isArray(values)) return '';
  return values
    .map((value) =>
      typeof value === 'string' && (value.includes(',') || value === '')
        ? JSON.stringify(value)
        : writeLiteral(value),
    )
    .join(', ');
}
