// Prints how soon pages are seen: node page.mjs ROUNDS SITES, of which each is {login, email, password, pages}: the address of
// its sign-in page, an account, and what is looked at when signed in. For each site, a list for each of its pages, the sign-in
// page first, of {LCP, Shift, Task} with an entry a round, in milliseconds.
import { createRequire } from 'node:module';

const { chromium } = createRequire(process.cwd() + '/')('playwright-core');
const rounds = Number(process.argv[2]);
const sites = JSON.parse(process.argv[3]);
const slow4G = { offline: false, latency: 562.5, downloadThroughput: (1.44 * 1000 * 1000) / 8, uploadThroughput: (675 * 1000) / 8 };
const still = 2500; // ms without a larger paint or a shift: the page is there

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
});

async function visit(url, throttled, storageState) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, storageState });
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  if (throttled) {
    await cdp.send('Network.emulateNetworkConditions', slow4G);
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  }
  await tab.addInitScript(() => {
    const seen = { lcp: 0, shift: 0, task: 0, last: performance.now() };
    window.__seen = seen;
    const watch = (type, fn) =>
      new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true });
    watch('largest-contentful-paint', (e) => Object.assign(seen, { lcp: e.startTime, last: performance.now() }));
    watch('layout-shift', (e) => {
      if (!e.hadRecentInput) Object.assign(seen, { shift: seen.shift + e.value, last: performance.now() });
    });
    watch('longtask', (e) => (seen.task = Math.max(seen.task, e.duration)));
  });
  await tab.goto(url, { timeout: 120_000 });
  await tab.waitForFunction((ms) => window.__seen.lcp > 0 && performance.now() - window.__seen.last > ms, still, { timeout: 120_000 });
  const seen = await tab.evaluate(() => window.__seen);
  await context.close();
  return seen;
}

/** Signs in as a person does, and returns what the browser keeps of it. */
async function signIn({ login, email, password }) {
  const context = await browser.newContext();
  const tab = await context.newPage();
  await tab.goto(login);
  await tab.locator('input[type=email]').fill(email);
  await tab.locator('input[type=password]').fill(password);
  await tab.keyboard.press('Enter');
  await tab.locator('input[type=password]').waitFor({ state: 'detached', timeout: 120_000 });
  await tab.waitForLoadState('load');
  const state = await context.storageState();
  await context.close();
  return state;
}

const out = sites.map(({ pages }) => [null, ...pages].map(() => ({ LCP: [], Shift: [], Task: [] })));
for (let i = 0; i < rounds; i++) {
  const states = [];
  for (const site of sites) states.push(await signIn(site));
  const most = Math.max(...sites.map(({ pages }) => pages.length));
  for (let page = 0; page <= most; page++) {
    for (const [k, { login, pages }] of sites.entries()) {
      const url = page === 0 ? login : pages[page - 1];
      if (!url) continue;
      const state = page === 0 ? undefined : states[k];
      const slow = await visit(url, true, state);
      const fast = await visit(url, false, state);
      out[k][page].LCP.push(slow.lcp);
      out[k][page].Shift.push(Math.max(slow.shift, fast.shift));
      out[k][page].Task.push(fast.task);
    }
  }
}
await browser.close();
console.log(JSON.stringify(out));
