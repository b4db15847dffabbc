import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, t } from './index';
import { en } from './en';

const src = join(import.meta.dirname, '..');
const source = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && !name.startsWith('strings'))
  .map((name) => readFileSync(join(src, name), 'utf8'))
  .join('\n');
const prefixes = [...source.matchAll(/\bt\(`([\w.-]+)\$\{/g)].map((found) => found[1] ?? '');

describe('the catalog', () => {
  it('holds nothing that is never said', () => {
    const said = (key: string) =>
      prefixes.some((prefix) => key.startsWith(prefix)) ||
      new RegExp(`\\bt\\(\\s*'${key.replaceAll('.', '\\.')}'`).test(source);
    expect(Object.keys(en).filter((key) => !said(key))).toEqual([]);
  });

  it('has no stray space, and a count in every form', () => {
    const wrong = Object.entries(en).filter(([, entry]) =>
      typeof entry === 'string'
        ? entry !== entry.trim()
        : !Object.values(entry).every((form) => form.includes('{count}') && form === form.trim()),
    );
    expect(wrong).toEqual([]);
  });
});

describe('a sentence', () => {
  it('is filled in', () => {
    expect(t('login.title', { title: 'Acme' })).toBe('Sign in to Acme');
  });

  it('has forms', () => {
    expect(t('modules.instances', { count: 1 })).toBe('1 instance');
    expect(t('modules.instances', { count: 3 })).toBe('3 instances');
  });

  it('keeps what nobody filled in', () => {
    expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}');
  });
});
