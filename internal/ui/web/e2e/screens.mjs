// Every screen at both widths, as somebody sees it who comes for the first time: nothing that is there moves away when the
// rest comes, nothing is cut off, and a production build has no page for developers.
import assert from 'node:assert/strict';
import { setUp, signIn } from './steps.mjs';

const shiftLimit = 0.01;
const customers = 50;

export async function screens({ browser, server, step, note }) {
  const owner = await browser.person();
  const first = await owner.context.newPage();
  await setUp(first, server);
  const ids = await first.evaluate(
    async ([api, count]) => {
      const headers = { 'Content-Type': 'application/json' };
      await fetch(`${api}m/customers/samples`, { method: 'POST', headers, body: JSON.stringify({ count }) });
      const one = async (path) => (await (await fetch(api + path)).json()).items[0].id;
      await fetch(`${api}flags/a%2Fb`, {
        method: 'PUT',
        headers: { ...headers, 'If-None-Match': '*' },
        body: JSON.stringify({
          definition: {
            state: 'ENABLED',
            variants: { on: true, off: false },
            defaultVariant: 'off',
            targeting: {
              if: [
                { ends_with: [{ var: 'email' }, '@b.c'] },
                'on',
                {
                  fractional: [
                    ['on', 1],
                    ['off', 3],
                  ],
                },
              ],
            },
          },
        }),
      });
      await fetch(`${api}ai/prompts/summary`, {
        method: 'PUT',
        headers: { ...headers, 'If-None-Match': '*' },
        body: JSON.stringify({
          messages: [{ role: 'user', content: 'Sum up {{text}}' }],
          variables: ['text'],
          flag: 'a/b',
        }),
      });
      return { user: await one('users?limit=1'), customer: await one('m/customers/customers?limit=1') };
    },
    [`${server.url}api/v1/`, customers],
  );
  await owner.context.close();

  const paths = [
    '',
    'modules',
    'modules/system',
    'modules/system/settings',
    'm/system',
    'm/hello',
    'm/broken',
    'm/customers/r/customers',
    `m/customers/r/customers/${ids.customer}`,
    'users',
    `users/${ids.user}`,
    'roles',
    'roles/viewer',
    'account',
    'account/sessions',
    'account/keys',
    'audit',
    'system',
    'system/jobs',
    'system/limits',
    'system/logs',
    'system/api',
    'system/api?op=audit',
    'flags',
    'flags?view=segments',
    'flags/a/b',
    'flags/a/b?view=try',
    'flags/a/b?view=experiment',
    'flags/a/b?view=history',
    'ai',
    'ai/requests',
    'ai/budgets',
    'ai/prompts',
    'ai/prompts/summary',
    'ai/prompts/summary?view=try',
    'ai/prompts/summary?view=versions',
    'ai/feedback',
    'ai/try',
    'dev/gallery',
  ];
  const faults = [...owner.faults];
  let worst = ['', 0];
  let longest = ['', 0];
  for (const width of [1280, 360]) {
    const person = await browser.person({ viewport: { width, height: 860 } });
    const page = await person.context.newPage();
    await page.addInitScript(watch);
    await page.goto(`${server.url}login`);
    await signIn(page);
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await step(`${width} px: nothing moves or is cut off`, async () => {
      for (const path of paths) {
        await page.goto(server.url + path);
        await settled(page);
        const { shift, moved, task, overflow } = await page.evaluate(() => ({
          ...window.seen,
          overflow: document.documentElement.scrollWidth - innerWidth,
        }));
        if (shift > worst[1]) worst = [`/${path} at ${width} px`, shift];
        if (task > longest[1]) longest = [`/${path} at ${width} px`, task];
        if (shift > shiftLimit)
          faults.push(`/${path} ${width}: layout shift ${shift.toFixed(4)} of ${moved.join(', ')}`);
        if (overflow > 0) faults.push(`/${path} ${width}: scrolls sideways by ${overflow} px`);
      }
    });
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'There is no such page');
    await person.context.close();
    faults.push(...person.faults);
  }
  note(
    `${paths.length} screens: largest layout shift ${worst[1].toFixed(4)}, ${worst[0]}; longest task ${longest[1].toFixed(0)} ms, ${longest[0]}`,
  );
  return faults;
}

/** Runs in the page from its start. */
function watch() {
  const seen = { shift: 0, moved: [], task: 0 };
  window.seen = seen;
  const on = (type, act) =>
    new PerformanceObserver((list) => list.getEntries().forEach(act)).observe({ type, buffered: true });
  on('layout-shift', ({ value, hadRecentInput, sources }) => {
    if (hadRecentInput) return;
    seen.shift += value;
    seen.moved.push(...sources.map(({ node }) => node?.className || node?.nodeName));
  });
  on('longtask', ({ duration }) => (seen.task = Math.max(seen.task, duration)));
}

/** Waits until everything has come: nothing says that it waits, and no skeleton is left for a few frames. */
async function settled(page) {
  await page.locator('main h1').waitFor();
  await page.waitForFunction(() => {
    const waits = document.querySelector(
      'main :is(.skeleton, [aria-busy=true], [role=status][aria-label^=Loading])',
    );
    window.calm = waits ? 0 : (window.calm ?? 0) + 1;
    return window.calm > 6;
  });
}
