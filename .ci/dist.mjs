// Checks that every file of a committed build, inflated from both of its encodings, is the one SHA256.json names, and
// that there is no other.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const dist = process.argv[2];
const sums = JSON.parse(readFileSync(join(dist, 'SHA256.json'), 'utf8'));
const left = new Set(Object.keys(sums));
const problems = [];
for (const name of readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(dist, '/').length))) {
  if (name === 'SHA256.json') continue;
  const plain = name.replace(/\.(br|gz)$/, '');
  const inflate = name.endsWith('.br') ? brotliDecompressSync : gunzipSync;
  const sum = createHash('sha256').update(inflate(readFileSync(join(dist, name)))).digest('hex');
  if (sums[plain] !== sum) problems.push(`${name}: got ${sum}, want ${sums[plain]}`);
  left.delete(plain);
}
for (const name of left) problems.push(`${name}: missing`);
for (const problem of problems) console.error(problem);
console.log(`${Object.keys(sums).length} files in dist, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;
