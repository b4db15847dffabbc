// What the page says when the server, the network or the session goes away, and that it finds back.
import assert from 'node:assert/strict';
import { account } from './server.mjs';
import { live } from './first-run.mjs';
import { answer, follow, refuse, setUp, signIn } from './steps.mjs';

export async function faults({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const api = (path) => `${server.url}api/v1/${path}`;
  await setUp(page, server);
  const review = async (field, value) => {
    await page.getByLabel(field).fill(value);
    await page.getByRole('button', { name: 'Review and save' }).click();
  };
  const save = () =>
    page
      .getByRole('dialog', { name: 'Save these changes?' })
      .getByRole('button', { name: 'Save', exact: true })
      .click();

  await step('503: the page says so and shows the rest when the server is ready', async () => {
    const stop = await refuse(page, api('panels'), 503, { headers: { 'Retry-After': '1' } });
    await page.goto(server.url);
    await page.getByText('The server is not ready').waitFor();
    await shot(page, 'state-503');
    await stop();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-module=system]').waitFor();
  });

  await step('an overview without panels says what to do', async () => {
    const stop = await answer(page, api('panels'), { items: [] });
    await page.goto(server.url);
    await page.getByText('Nothing to show yet').waitFor();
    await shot(page, 'state-empty');
    await stop();
    await page.reload();
    await page.locator('[data-module=system]').waitFor();
  });

  await step('a broken module says so on its page; the rest works', async () => {
    await follow(page, 'Broken');
    await page.getByText('The page of Broken failed').waitFor();
    await page.getByText('This panel failed. The rest of the page still works.').waitFor();
    await shot(page, 'state-broken-module');
    await page.getByRole('region', { name: 'Broken' }).getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The page of Broken failed').waitFor();
    await follow(page, 'Overview');
    await live(page);
  });

  await step('a module script that is gone or of another version is told apart', async () => {
    await page.route('**/m/hello/assets/**', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: 'export const apiVersion = 2' }),
    );
    await follow(page, 'Guest book');
    await page.getByText('Its script was made for another version of the dashboard.').waitFor();
    await page.unroute('**/m/hello/assets/**');
    await page.getByRole('region', { name: 'Guest book' }).getByRole('button', { name: 'Try again' }).click();
    await page.locator('.module-root > div > *').first().waitFor();
  });

  await step('a stale chunk: the page says that there is a new version, and reloading helps', async () => {
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.route('**/assets/audit-*.js', (route) => route.fulfill({ status: 404 }));
    await page.getByRole('link', { name: 'Audit', exact: true }).click();
    await page.getByRole('heading', { name: 'There is a new version', level: 1 }).waitFor();
    await shot(page, 'state-stale-chunk');
    await page.unroute('**/assets/audit-*.js');
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
  });

  await step('an unknown address says so', async () => {
    await page.goto(`${server.url}no/such/page`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  });

  await step('an access token that ends is renewed unseen, once for two tabs', async () => {
    await page.goto(`${server.url}modules`);
    const second = await person.context.newPage();
    await second.goto(`${server.url}account/sessions`);
    await second.getByText('This one').waitFor();
    const refreshes = [];
    person.context.on('request', (request) => {
      if (request.url() === api('auth/refresh')) refreshes.push(request.url());
    });
    await person.context.clearCookies({ name: /access/ });
    const answered = (tab) =>
      tab.waitForResponse((response) => response.url() === api('audit?limit=50') && response.ok());
    const both = Promise.all([answered(page), answered(second)]);
    await Promise.all(
      [page, second].map((tab) => tab.getByRole('link', { name: 'Audit', exact: true }).click()),
    );
    await both;
    assert.equal(refreshes.length, 1);
    assert.equal(await page.getByRole('dialog').count(), 0);
    await second.close();
  });

  await step('a lost session asks for the password and keeps what was typed', async () => {
    await page.goto(`${server.url}modules/system/settings`);
    await page.getByLabel('Interval').fill('9s');
    await person.context.clearCookies();
    await page.getByRole('button', { name: 'Review and save' }).click();
    await save();
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    await shot(page, 'state-session-lost');
    await page.waitForFunction(() => document.activeElement?.name === 'password');
    await page.keyboard.type(account.password);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const going = page.getByRole('dialog', { name: 'Save these changes?' });
    if (await going.isVisible()) await going.getByRole('button', { name: 'Go on editing' }).click();
    assert.equal(await page.getByLabel('Interval').inputValue(), '9s');
    await review('Interval', '2s');
  });

  await step('a session that is ended elsewhere asks for the password within seconds', async () => {
    const elsewhere = await browser.person();
    const there = await elsewhere.context.newPage();
    await there.goto(server.url);
    await signIn(there);
    await live(there);
    await page.goto(`${server.url}account/sessions`);
    await page
      .getByRole('button', { name: /^End the session of Chrome/ })
      .first()
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click();
    await page.getByText('Session ended.').waitFor();
    await there.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
    await elsewhere.context.close();
    person.faults.push(...elsewhere.faults);
  });

  await step('offline: a banner says that what is shown may be old, and goes away', async () => {
    await page.goto(server.url);
    await live(page);
    await person.context.setOffline(true);
    await page.getByText('You are offline.').waitFor();
    await shot(page, 'state-offline');
    await person.context.setOffline(false);
    await page.getByText('You are offline.').waitFor({ state: 'detached' });
  });

  await step(
    'a killed server is told; when it is back, so are live values, without signing in again',
    async () => {
      await server.crash();
      await page.getByText('The server does not answer.').waitFor();
      await page
        .getByText(/not updating/)
        .first()
        .waitFor();
      await shot(page, 'state-server-killed');
      await server.resume();
      await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
      await live(page);
      assert.equal(await page.getByRole('dialog').count(), 0);
    },
  );

  await step('429: sign-in says how long to wait', async () => {
    const stranger = await browser.person();
    const there = await stranger.context.newPage();
    await there.goto(server.url);
    const stop = await refuse(there, api('auth/login'), 429, { headers: { 'Retry-After': '2' } });
    await signIn(there);
    await there.getByText('Too many requests').waitFor();
    await there.getByText(/Wait [12] seconds?, then try again/).waitFor();
    await shot(there, 'state-429');
    await there.getByText('You can try again now.').waitFor();
    await stop();
    await signIn(there);
    await there.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await stranger.context.close();
    person.faults.push(...stranger.faults);
  });

  await step('401: a wrong password says so and keeps the address', async () => {
    const stranger = await browser.person();
    const there = await stranger.context.newPage();
    await there.goto(`${server.url}login`);
    await there.getByLabel('Email').fill(account.email);
    await there.getByLabel('Password', { exact: true }).fill('not the password at all');
    await there.getByRole('button', { name: 'Sign in', exact: true }).click();
    await there.getByText('Email or password is wrong.').waitFor();
    assert.equal(await there.getByLabel('Email').inputValue(), account.email);
    await stranger.context.close();
    person.faults.push(...stranger.faults);
  });

  await person.context.close();
  return person.faults;
}
