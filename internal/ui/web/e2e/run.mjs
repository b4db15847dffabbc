// Runs the browser tests: node e2e/run.mjs [--server BINARY] [--only NAME…] [--prefix /admin/] [--workers 5]
// Without a binary they run against the stand-in. Screenshots go to $E2E_OUT, or nowhere.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accessibility, accessibilityOfFaults } from './accessibility.mjs';
import { ai } from './ai.mjs';
import { assistant } from './assistant.mjs';
import { launch } from './browser.mjs';
import { faults } from './faults.mjs';
import { flags } from './flags.mjs';
import { firstRun } from './first-run.mjs';
import { gallery } from './gallery.mjs';
import { keyboard } from './keyboard.mjs';
import { keys } from './keys.mjs';
import { layout } from './layout.mjs';
import { limits, limitsAccessibility } from './limits.mjs';
import { resources } from './resources.mjs';
import { screens } from './screens.mjs';
import { startServer } from './server.mjs';
import { states } from './states.mjs';
import { system, systemAccessibility } from './system.mjs';
import { startUpstream } from './upstream.mjs';
import { users } from './users.mjs';
import { weight } from './weight.mjs';

const { values } = parseArgs({
  options: {
    server: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    workers: { type: 'string', default: '5' },
    prefix: { type: 'string', multiple: true, default: ['/', '/admin/', '/a/b/'] },
  },
});
const out = process.env.E2E_OUT;
const started = Date.now();
let passed = 0;
let failed = 0;

// Every prefix sees the whole first run; what does not depend on it runs once, below one of them. The longest come
// first: suites mostly wait for what the page or the server does, so that more of them than cores run at once.
const deepest = values.prefix.at(-1);
const middle = values.prefix.at(1) ?? deepest;
const jobs = [
  { name: 'faults', suite: faults, prefix: middle },
  // The screens look the same below every prefix.
  ...values.prefix.map((prefix) => ({
    name: 'first-run',
    suite: firstRun,
    prefix,
    pictures: prefix === deepest,
  })),
  { name: 'screens', suite: screens, prefix: deepest, more: ['customers'], models: true },
  { name: 'ai', suite: ai, prefix: middle, models: true },
  { name: 'accessibility', suite: accessibility, prefix: deepest },
  { name: 'flags', suite: flags, prefix: middle },
  { name: 'assistant', suite: assistant, prefix: deepest, more: ['assistant'], models: true },
  { name: 'layout', suite: layout, prefix: middle },
  { name: 'states', suite: states, prefix: middle },
  { name: 'accessibility-faults', suite: accessibilityOfFaults, prefix: deepest },
  { name: 'system', suite: system, prefix: deepest },
  { name: 'accessibility-system', suite: systemAccessibility, prefix: deepest },
  { name: 'limits', suite: limits, prefix: middle },
  { name: 'accessibility-limits', suite: limitsAccessibility, prefix: deepest },
  { name: 'resources', suite: resources, prefix: deepest, more: ['customers'] },
  { name: 'users', suite: users, prefix: middle },
  { name: 'keys', suite: keys, prefix: deepest },
  { name: 'keyboard', suite: keyboard, prefix: deepest },
  { name: 'gallery', suite: gallery, prefix: deepest },
  { name: 'weight', suite: weight, prefix: deepest },
].filter((job) => values.only.length === 0 || values.only.includes(job.name));

const browser = await launch();
const queue = [...jobs];
await Promise.all(Array.from({ length: Number(values.workers) }, worker));
await browser.close();
console.log(`${((Date.now() - started) / 1000).toFixed(1)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

async function worker() {
  for (let job = queue.shift(); job; job = queue.shift()) await run(job);
}

async function run({ name, suite, prefix, more, models, pictures = true }) {
  const label = `${name} ${prefix}`;
  const folder = pictures && out && join(out, `${name}${prefix.replaceAll('/', '-')}`.replace(/-+$/, ''));
  if (folder) await mkdir(folder, { recursive: true });
  let server;
  let upstream;
  let last;
  try {
    upstream = models && (await startUpstream());
    server = await startServer({ binary: values.server, prefix, more, env: upstream?.env });
    const faults = await suite({
      browser,
      server,
      note: (text) => console.log(`     ${text}`),
      shot: async (page, title) => {
        last = page;
        if (folder)
          await page.screenshot({
            path: join(folder, `${title}.jpeg`),
            quality: 80,
            animations: 'disabled', // of what is in view: a picture of a whole page takes five times as long
          });
      },
      step: async (title, act) => {
        const from = Date.now();
        try {
          await act();
          passed++;
          console.log(`ok   ${label} ${title} (${Date.now() - from} ms)`);
        } catch (error) {
          throw new Error(`${title}\n${error.stack ?? error}`, { cause: error });
        }
      },
    });
    if (faults.length > 0) throw new Error(`the pages had faults:\n${[...new Set(faults)].join('\n')}`);
    passed++;
    console.log(`ok   ${label} no policy violation, uncaught error or console error`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${label} ${error.message}`);
    if (folder && last && !last.isClosed())
      await last.screenshot({ path: join(folder, 'failure.jpeg'), fullPage: true }).catch(() => undefined);
  } finally {
    await server?.stop();
    await upstream?.stop();
  }
}
