// From the set-up link to a module that is turned off, on and set differently, all seen live.
import assert from 'node:assert/strict';
import { act, follow, signIn } from './steps.mjs';
import { account } from './server.mjs';

export async function firstRun({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();

  await step('the set-up link asks for the first account and leaves no token in the address', async () => {
    await page.goto(server.setupLink);
    await page.getByRole('button', { name: 'Create account' }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    assert.equal(await page.evaluate(() => history.length), 2);
    assert.equal(await page.getByLabel('Set-up token').count(), 0);
    await shot(page, 'setup');
  });

  await step('a password that is too short is refused at its field, which has the focus', async () => {
    await page.getByLabel('Name').fill(account.name);
    await page.getByLabel('Email').fill(account.email);
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Create account' }).click();
    const field = page.getByLabel('Password', { exact: true }).and(page.locator('[aria-invalid=true]'));
    await field.waitFor();
    assert.ok(await field.evaluate((input) => input === document.activeElement));
    assert.equal(await page.getByLabel('Email').inputValue(), account.email);
    await shot(page, 'setup-refused');
  });

  await step('the account is created and the overview shows live CPU', async () => {
    await page.getByLabel('Password', { exact: true }).fill(account.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await live(page);
    await shot(page, 'overview');
  });

  const other = await person.context.newPage();
  await step('disabling system in another tab makes it vanish here without a reload', async () => {
    await page.evaluate(() => (window.sameDocument = true));
    await other.goto(`${server.url}modules`);
    await act(other, 'Disable', 'System', shot);
    await page.locator('[data-module=system]').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'System', exact: true }).waitFor({ state: 'detached' });
    await other.locator('li[data-module=system][data-state=installed]').waitFor();
    assert.ok(await page.evaluate(() => window.sameDocument));
    await shot(page, 'overview-without-system');
    await shot(other, 'modules-disabled');
  });

  await step('enabling it again brings it back, still without a reload', async () => {
    await act(other, 'Enable', 'System');
    await live(page);
    assert.ok(await page.evaluate(() => window.sameDocument));
    await other.locator('li[data-module=system][data-state=enabled]').waitFor();
  });

  await step('a change of the interval is shown before it is saved, and the series follows', async () => {
    await other.getByRole('link', { name: 'Settings System' }).click();
    await other.getByLabel('Interval').fill('1s');
    await other.getByRole('button', { name: 'Review and save' }).click();
    const dialog = other.getByRole('dialog', { name: 'Save these changes?' });
    assert.match(await dialog.innerText(), /Interval\s+2s\s+(becomes\s*)?→?\s*(becomes\s*)?1s/);
    await shot(other, 'settings-review');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await other.getByText('Settings saved and applied.').waitFor();
    await other.getByText('Version 1').waitFor();
    await shot(other, 'settings-saved');
    await spaced(page, 1000);
    await shot(page, 'overview-every-second');
  });

  await step(
    'signing out leads to the sign-in page, and signing in back to the page that was asked for',
    async () => {
      await other.close();
      await page.getByRole('button', { name: /^Account of/ }).click();
      await shot(page, 'user-menu');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: /^Sign in to/ }).waitFor();
      await shot(page, 'login');
      await page.goto(`${server.url}modules/system`);
      await page.getByRole('heading', { name: /^Sign in to/ }).waitFor();
      await signIn(page);
      await page.getByRole('heading', { name: 'System', level: 1 }).waitFor();
      assert.equal(page.url(), `${server.url}modules/system`);
      await shot(page, 'module');
    },
  );

  await step('every other screen shows, reached by its link', async () => {
    await follow(page, 'Audit');
    await page
      .getByRole('cell', { name: /settings/ })
      .first()
      .waitFor();
    await shot(page, 'audit');
    await page.goto(`${server.url}account/sessions`);
    await page.getByText('This one').waitFor();
    await shot(page, 'sessions');
    await follow(page, 'Guest book');
    await page.locator('.module-root > div > *').first().waitFor();
    await shot(page, 'module-script');
    await page.reload();
    await page.locator('.module-root > div > *').first().waitFor();
  });

  await step('nothing was refused but what had to be', async () => {
    // A panel may be asked for while its module goes away or the person signs out.
    const expected = [
      /^(401|404|503) .*\/m\/system\/panels\//,
      /^422 .*\/setup$/,
      /^401 .*\/auth\/me$/,
      /^500 .*\/m\/broken\/panels\//,
    ];
    const others = [...person.refused].filter((one) => !expected.some((pattern) => pattern.test(one)));
    assert.deepEqual(others, []);
  });

  await person.context.close();
  return person.faults;
}

/** Waits until the CPU panel shows a number, and then a newer one. */
export async function live(page) {
  const panel = page.locator('[data-panel="system/cpu"]');
  await panel.locator('.stat-value', { hasText: /\d/ }).waitFor();
  const first = await panel.locator('time').getAttribute('datetime');
  await page.waitForFunction(
    (before) => document.querySelector('[data-panel="system/cpu"] time')?.getAttribute('datetime') > before,
    first,
  );
  await page.locator('[data-panel="system/cpu-history"] canvas').waitFor();
}

/** Waits until the newest rows of the chart's table are so many milliseconds apart. */
async function spaced(page, ms) {
  await page.locator('[data-panel="system/cpu-history"] summary').click();
  await page.waitForFunction((apart) => {
    const times = [...document.querySelectorAll('[data-panel="system/cpu-history"] tbody tr td:first-child')]
      .slice(0, 3)
      .map((cell) => Date.parse(cell.title));
    return times.length === 3 && times[0] - times[1] === apart && times[1] - times[2] === apart;
  }, ms);
}
