import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterEach, describe, expect, it } from 'vitest';
import { de } from './de';
import { en } from './en';
import { fill, speak, t, type Entry } from './index';

const src = join(import.meta.dirname, '..');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && !name.startsWith('strings'))
  .map((name) => ({ name, text: readFileSync(join(src, name), 'utf8') }));
const source = files.map(({ text }) => text).join('\n');
const prefixes = [...source.matchAll(/\bt\(\s*`([\w.-]+)\$\{/g)].map((found) => found[1] ?? '');
const catalogs: [string, Record<string, Entry>][] = [
  ['en', en],
  ['de', de],
];

function forms(entry: Entry): string[] {
  return typeof entry === 'string' ? [entry] : Object.values(entry);
}

function placeholders(entry: Entry): string[] {
  return [...new Set(forms(entry).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
}

describe.each(catalogs)('the catalog %s', (_, words) => {
  it('says every sentence of the English one, with its values and forms', () => {
    expect(Object.keys(words)).toEqual(expect.arrayContaining(Object.keys(en)));
    expect(Object.keys(words)).toHaveLength(Object.keys(en).length);
    for (const [key, entry] of Object.entries<Entry>(en)) {
      expect([key, placeholders(words[key] ?? '')]).toEqual([key, placeholders(entry)]);
      expect([key, typeof words[key]]).toEqual([key, typeof entry]);
    }
  });

  it('has no stray space, no empty sentence, and a count in every form', () => {
    const wrong = Object.entries(words).filter(([, entry]) =>
      forms(entry).some(
        (form) =>
          form === '' || form !== form.trim() || (typeof entry !== 'string' && !form.includes('{count}')),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the English catalog', () => {
  it('holds nothing that is never said', () => {
    const said = (key: string) =>
      prefixes.some((prefix) => key.startsWith(prefix)) ||
      new RegExp(`\\bt\\(\\s*'${key.replaceAll('.', '\\.')}'`).test(source);
    expect(Object.keys(en).filter((key) => !said(key))).toEqual([]);
  });
});

describe('the German catalog', () => {
  it('speaks to nobody as Sie or du', () => {
    const wrong = Object.entries<Entry>(de).filter(([, entry]) =>
      forms(entry).some((form) =>
        /[a-zäöüß,] (Sie|Ihnen|Ihre?[nms]?)\b|\b(du|dich|dein(e[mnrs]?)?)\b/.test(form),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('is not left in English', () => {
    const same = Object.entries<Entry>(de).filter(
      ([key, entry]) => forms(entry).join() === forms(en[key as keyof typeof en]).join(),
    );
    // Short words may be the same in both; a sentence never is.
    expect(same.filter(([, entry]) => forms(entry).some((form) => form.split(' ').length > 2))).toEqual([]);
  });
});

it('is said when it is shown, not when a file is loaded: the language may change between', () => {
  const early: string[] = [];
  const look = (node: ts.Node, name: string) => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 't')
      early.push(`${name}: ${node.getText()}`);
    ts.forEachChild(node, (child) => {
      look(child, name);
    });
  };
  for (const { name, text } of files)
    look(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX), name);
  expect(early).toEqual([]);
});

describe('a sentence', () => {
  afterEach(() => {
    speak('en', []);
  });

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

  it('is said in the language that was loaded, and in English where that has a gap', async () => {
    const core = await import('virtual:words/de/core');
    speak('de', core.default);
    expect(t('login.title', { title: 'Acme' })).toBe('Bei Acme anmelden');
    expect(t('modules.instances', { count: 2 })).toBe('2 instances');
    const rest = await import('virtual:words/de/rest');
    speak('de', [...core.default, ...rest.default]);
    expect(t('modules.instances', { count: 2 })).toBe('2 Instanzen');
    expect(['enabled', 'failed'].map((state) => t(`state.${state as 'enabled' | 'failed'}`))).toEqual([
      'Aktiviert',
      'Fehlgeschlagen',
    ]);
  });
});
