// The rate limits: changed while they run, met, and shown with whom they refuse.
import assert from 'node:assert/strict';
import { createLimits } from '../scripts/mock/limits.mjs';
import { judging } from './axe.mjs';
import { answer, refuse, setUp } from './steps.mjs';

const wrong = { email: 'nobody@example.com', password: 'not the password at all' };

/** Asks again until it is so. */
async function until(check) {
  const deadline = Date.now() + 10_000;
  while (!(await check())) {
    assert.ok(Date.now() < deadline);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function limits({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const { keyboard } = page;
  const api = (path) => `${server.url}api/v1/${path}`;
  const line = (name) => page.locator(`[data-limit="${name}"]`);
  // Not by the page: what the browser notes of refusals is a fault there.
  const signInWrongly = () =>
    fetch(api('auth/login'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(wrong),
    });
  await setUp(page, server);

  await step('a limit is changed by keyboard alone, after a wrong text was refused', async () => {
    await page.goto(`${server.url}system`);
    await page.getByRole('link', { name: 'Rate limits', exact: true }).click();
    await page.getByText('Nobody was refused').waitFor();
    await page.getByRole('button', { name: 'Change the limit login-address' }).focus();
    await keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    const text = dialog.getByLabel('How much');
    await text.waitFor();
    await text.fill('often');
    await keyboard.press('Enter');
    await dialog.getByText('Write a number, a slash and a time, such as 100/m').waitFor();
    await text.fill('1/h burst 2');
    await dialog.getByText('1 in 1 hour, at most 2 at once').waitFor();
    await shot(page, 'edit');
    await keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await line('login-address').getByText('1/h burst 2').waitFor();
    await line('login-address').getByText('Changed').waitFor();
  });

  await step('who goes over it is refused, and is shown with how often and until when', async () => {
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await signInWrongly()).status);
    assert.deepEqual(statuses, [401, 401, 429, 429]);
    const row = page.getByRole('region', { name: /^Refused/ }).locator('tbody tr');
    await row.getByText('login-address', { exact: true }).waitFor();
    await row.getByText('in 59 minutes').waitFor();
    assert.equal(await row.count(), 1);
    assert.ok((await row.innerText()).includes('\t2\t'));
    await shot(page, 'refused');
  });

  await step('the caller gets a limit of its own, which is taken away again', async () => {
    await page.getByRole('button', { name: /^Own limit for/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('How much').fill('100/m');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Callers with a limit of their own' }).waitFor();
    // What was used up stays used up: the new limit brings the next one within a second.
    await until(async () => (await signInWrongly()).status === 401);
    await page.getByRole('button', { name: /^Remove the limit login-address/ }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('li', { hasText: 'login-address' }).waitFor({ state: 'detached' });
  });

  await step('a change meanwhile is told, and the next attempt replaces it', async () => {
    await page.getByRole('button', { name: 'Change the limit login-address' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('How much').fill('30/m');
    await dialog.getByRole('switch', { name: 'Count only, refuse nobody' }).check();
    const stale = await refuse(page, api('limits/login-address'), 412, {
      method: 'PUT',
      slug: 'changed-meanwhile',
    });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Now in force: 1/h burst 2.').waitFor();
    await stale();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await line('login-address').getByText('Counts only').waitFor();
    await page.getByRole('button', { name: 'Change the limit login-address' }).click();
    await dialog.getByRole('button', { name: 'Back to the default' }).click();
    await dialog.waitFor({ state: 'detached' });
    await line('login-address').getByText('20/m burst 30').waitFor();
  });

  await step('whose own requests are too many is told when to try again', async () => {
    await page.getByRole('button', { name: 'Change the limit caller', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('How much').fill('50/s');
    const stop = await refuse(page, api('limits/caller'), 429, {
      method: 'PUT',
      headers: { 'Retry-After': '4000' },
    });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Wait 67 minutes, then try again.').waitFor();
    await stop();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  await person.context.close();
  return person.faults;
}

export async function limitsAccessibility({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const { judge, found } = judging(page, { step, shot });
  const api = (path) => `${server.url}api/v1/${path}`;
  const { routes } = createLimits({ sample: true });
  const sample = (path) =>
    routes.find(([method, pattern]) => method === 'GET' && pattern.test(`api/v1/${path}`))[2]();
  await setUp(page, server);

  await answer(page, api('limits'), sample('limits'));
  await page.goto(`${server.url}system/limits`);
  await page.getByText('Nobody was refused').waitFor();
  await judge('limits-calm');
  await answer(page, api('limits/refused'), sample('limits/refused'));
  await page.getByText('Grace Hopper').waitFor();
  await judge('limits');
  await page.getByRole('button', { name: 'Change the limit caller', exact: true }).click();
  await page.getByLabel('How much').fill('100 a minute');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Write a number, a slash and a time, such as 100/m').waitFor();
  await judge('limits-edit');

  await person.context.close();
  return [...found, ...person.faults];
}
