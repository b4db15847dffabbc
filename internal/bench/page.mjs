// Prints how soon pages are seen: node page.mjs ROUNDS URL…
// For each URL {LCP, Shift, Task}, an entry a round, in milliseconds.
import { createRequire } from 'node:module';

const { chromium } = createRequire(process.cwd() + '/')('playwright-core');
const [rounds, ...urls] = process.argv.slice(2);
const slow4G = { offline: false, latency: 562.5, downloadThroughput: (1.44 * 1000 * 1000) / 8, uploadThroughput: (675 * 1000) / 8 };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
});

async function visit(url, throttled) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  if (throttled) {
    await cdp.send('Network.emulateNetworkConditions', slow4G);
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  }
  await tab.addInitScript(() => {
    const seen = { lcp: 0, shift: 0, task: 0 };
    window.__seen = seen;
    const watch = (type, fn) =>
      new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true });
    watch('largest-contentful-paint', (e) => (seen.lcp = e.startTime));
    watch('layout-shift', (e) => (seen.shift += e.hadRecentInput ? 0 : e.value));
    watch('longtask', (e) => (seen.task = Math.max(seen.task, e.duration)));
  });
  await tab.goto(url);
  await tab.locator('input').first().waitFor();
  await tab.waitForLoadState('networkidle');
  const seen = await tab.evaluate(() => window.__seen);
  await context.close();
  return seen;
}

const out = urls.map(() => ({ LCP: [], Shift: [], Task: [] }));
for (let i = 0; i < Number(rounds); i++) {
  for (const [k, url] of urls.entries()) {
    const slow = await visit(url, true);
    out[k].LCP.push(slow.lcp);
    out[k].Shift.push(slow.shift);
    out[k].Task.push((await visit(url, false)).task);
  }
}
await browser.close();
console.log(JSON.stringify(out));
