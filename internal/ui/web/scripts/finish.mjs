// Turns the bundler's output into what is committed: every asset as .br and .gz, the page as .gz, and the
// SHA-256 of all raw bytes. The same source gives the same SHA256.json on every machine; the compressed bytes
// may differ between zlib versions and are not compared.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const build = process.env.UI_BUILD ?? join(web, 'build');
const dist = process.env.UI_DIST ?? join(web, '..', 'dist');

const names = (await readdir(build, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(build, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  .map((name) => [name, name.replace('.vite/license.md', 'licenses.txt')])
  .sort(([a], [b]) => (a < b ? -1 : 1));

await rm(dist, { recursive: true, force: true });
const sums = {};
for (const [source, name] of names) {
  const raw = await readFile(join(build, source));
  sums[name] = createHash('sha256').update(raw).digest('hex');
  const target = join(dist, name);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(`${target}.gz`, gzip(raw));
  if (name !== 'index.html') await writeFile(`${target}.br`, brotli(raw));
}
await writeFile(join(dist, 'SHA256.json'), `${JSON.stringify(sums, null, 2)}\n`);

function gzip(raw) {
  const packed = gzipSync(raw, { level: 9 });
  packed[9] = 255; // the operating system's byte, which would tell machines apart
  return packed;
}

function brotli(raw) {
  return brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
}
