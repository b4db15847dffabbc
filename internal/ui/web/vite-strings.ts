import type { Plugin } from 'vite';
import { de } from './src/strings/de/index.ts';
import { core } from './src/strings/en/core.ts';
import { en } from './src/strings/en/index.ts';
import type { Entry } from './src/strings/words.ts';

const catalog: Record<string, Entry> = en;
const others: Record<string, Record<string, Entry>> = { de };
const numbers = new Map(Object.keys(catalog).map((key, index) => [key, index]));
const coreCount = Object.keys(core).length;

const literal = /\bt\(\s*'([^'\n]+)'/g;
const template = /\bt\(\s*`([^`$]*)\$\{([^}`]+)\}`/g;
const call = /(?<![.\w])t\((?!\s*(?:\d|\.\.\.\{))/;
const virtual = /^virtual:words\/(\w+)\/(core|rest)$/;

/**
 * Writes each English sentence where it is said: `t('retry')` becomes `t(5, "Try again")`. A screen that is loaded on
 * need brings its own words instead of every page bringing all of them. Another language is two lists by number,
 * `virtual:words/de/core` and `…/rest`: what the first thing on the screen says, and everything else.
 */
export function inlineStrings(): Plugin {
  const said = new Map<string, Set<string>>();
  return {
    name: 'inline-strings',
    enforce: 'pre',
    resolveId: (id) => (virtual.test(id) ? `\0${id}` : undefined),
    load(id) {
      const [, locale = '', part] = virtual.exec(id.slice(1)) ?? [];
      const words = others[locale];
      if (!words) return undefined;
      const list = Object.keys(catalog).map((key) => words[key] ?? null);
      const own = part === 'core' ? list.slice(0, coreCount) : list.slice(coreCount);
      return `export default ${JSON.stringify(own)}`;
    },
    transform(code, id) {
      if (!/\/src\/(?!strings\/(?:index\.ts|en\/|de\/)).*\.tsx?$/.test(id) || !/\bt\(/.test(code))
        return null;
      const used = new Set<string>();
      said.set(id, used);
      const one = (key: string) => {
        used.add(key);
        return `${String(number(key))}, ${JSON.stringify(catalog[key])}`;
      };
      const inlined = code
        .replace(literal, (_, key: string) => `t(${one(key)}`)
        .replace(template, (_, prefix: string, rest: string) => {
          const choices = keysBelow(prefix).map(
            (key) => `${JSON.stringify(key.slice(prefix.length))}:[${one(key)}]`,
          );
          return `t(...{${choices.join()}}[${rest}]`;
        });
      const left = call.exec(inlined);
      if (left) this.error(`the key of t() must be a literal or \`prefix.\${…}\` in ${id}`, left.index);
      return { code: inlined, map: null };
    },
    // The first words of a language are asked for with the script that needs them; the server keeps the reader's own.
    transformIndexHtml: {
      order: 'post',
      handler: (_, { bundle }) =>
        Object.values(bundle ?? {}).flatMap((chunk) => {
          const [, locale, part] =
            (chunk.type === 'chunk' && virtual.exec(chunk.facadeModuleId?.slice(1) ?? '')) || [];
          if (!locale || part !== 'core') return [];
          const attrs = {
            rel: 'modulepreload',
            'data-locale': locale,
            crossorigin: true,
            href: `./${chunk.fileName}`,
          };
          return { tag: 'link', attrs, injectTo: 'head' };
        }),
    },
    // What is needed before anything shows must not wait for the whole catalog of a language.
    generateBundle(_, bundle) {
      const entries = Object.values(bundle).filter((chunk) => chunk.type === 'chunk' && chunk.isEntry);
      const initial = new Set(entries.map((chunk) => chunk.fileName));
      for (const name of initial) {
        const chunk = bundle[name];
        if (chunk?.type !== 'chunk') continue;
        for (const next of chunk.imports) initial.add(next);
        for (const id of chunk.moduleIds) {
          const late = [...(said.get(id) ?? [])].filter((key) => number(key) >= coreCount);
          if (late.length > 0)
            this.error(`move ${late.join(', ')} to strings/*/core.ts: ${id} says it first`);
        }
      }
    },
  };
}

function number(key: string): number {
  const found = numbers.get(key);
  if (found === undefined) throw new Error(`no string named ${key}`);
  return found;
}

function keysBelow(prefix: string): string[] {
  const found = Object.keys(catalog).filter((key) => key.startsWith(prefix));
  if (found.length === 0) throw new Error(`no string begins with ${prefix}`);
  return found;
}
