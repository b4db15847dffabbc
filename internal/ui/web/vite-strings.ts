import type { Plugin } from 'vite';
import { en } from './src/strings/en.ts';

type Entry = (typeof en)[keyof typeof en];

const catalog: Record<string, Entry> = en;
const literal = /\bt\(\s*'([^'\n]+)'/g;
const template = /\bt\(\s*`([^`$]*)\$\{([^}`]+)\}`/g;
const call = /(?<![.\w])t\((?!\s*["{])/;

/**
 * Writes each sentence where it is said: `t('retry')` becomes `t("Try again")`. The catalog stays one file, and a
 * screen that is loaded on need brings its own words instead of every page bringing all of them.
 */
export function inlineStrings(): Plugin {
  return {
    name: 'inline-strings',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/src\/(?!strings\/(index|en)\.ts).*\.tsx?$/.test(id) || !/\bt\(/.test(code)) return null;
      const inlined = code
        .replace(literal, (_, key: string) => `t(${JSON.stringify(entry(key))}`)
        .replace(template, (_, prefix: string, rest: string) => `t({${choices(prefix)}}[${rest}]`);
      const left = call.exec(inlined);
      if (left) this.error(`the key of t() must be a literal or \`prefix.\${…}\` in ${id}`, left.index);
      return { code: inlined, map: null };
    },
  };
}

function entry(key: string): Entry {
  const found = catalog[key];
  if (found === undefined) throw new Error(`no string named ${key}`);
  return found;
}

function choices(prefix: string): string {
  const found = Object.keys(catalog).filter((key) => key.startsWith(prefix));
  if (found.length === 0) throw new Error(`no string begins with ${prefix}`);
  return found
    .map((key) => `${JSON.stringify(key.slice(prefix.length))}:${JSON.stringify(catalog[key])}`)
    .join();
}
