// Holds the build to its size limits, measured on the committed gzip files.
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const KB = 1000;
const limits = { initial: 115 * KB, css: 8 * KB, lazy: 30 * KB, all: 350 * KB };

const dist = process.env.UI_DIST ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');
const assets = join(dist, 'assets');
const page = gunzipSync(await readFile(join(dist, 'index.html.gz'))).toString();
const files = (await readdir(assets)).filter((name) => name.endsWith('.gz'));

const sizes = new Map();
const sources = new Map();
for (const name of files) {
  const raw = name.slice(0, -'.gz'.length);
  sizes.set(raw, (await stat(join(assets, name))).size);
  if (raw.endsWith('.js')) sources.set(raw, gunzipSync(await readFile(join(assets, name))).toString());
}

// What the page names, and what that imports statically, is needed before anything shows.
const initial = new Set();
const visit = (name) => {
  if (initial.has(name) || !sources.has(name)) return;
  initial.add(name);
  for (const [, found] of sources.get(name).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
    visit(found);
};
// A language's first words are loaded by who speaks it.
const words = [];
for (const [element, name] of page.matchAll(/<[^>]*(?:src|href)="\.\/assets\/([^"]+\.js)"[^>]*>/g)) {
  const [, locale] = /data-locale="(\w+)"/.exec(element) ?? [];
  if (locale) words.push([locale, name]);
  else visit(name);
}

const sum = (names) => names.reduce((total, name) => total + sizes.get(name), 0);
const all = [...sizes.keys()];
const lazy = all.filter((name) => /\.(js|css)$/.test(name) && !initial.has(name) && !page.includes(name));
const largest = lazy.sort((a, b) => sizes.get(b) - sizes.get(a))[0];

let failed = initial.size === 0;
const line = (what, size, limit) => {
  const ok = size <= limit;
  failed ||= !ok;
  console.log(
    `${what.padEnd(44)} ${(size / KB).toFixed(1).padStart(7)} KB of ${limit / KB} KB  ${ok ? 'ok' : 'TOO LARGE'}`,
  );
};
line('initial JS', sum([...initial]), limits.initial);
for (const [locale, name] of words) line(`initial JS, ${locale}`, sum([...initial, name]), limits.initial);
line('initial CSS', sum(all.filter((name) => name.endsWith('.css') && page.includes(name))), limits.css);
if (largest) line(`largest lazy chunk (${largest})`, sizes.get(largest), limits.lazy);
line(`all ${all.length} assets`, sum(all), limits.all);
if (process.argv.includes('--list')) {
  for (const name of all.sort()) console.log(`  ${name.padEnd(42)} ${String(sizes.get(name)).padStart(7)}`);
}
process.exitCode = failed ? 1 : 0;
