// axe on every screen and state, in both themes and at both widths.
import { createModules } from '../scripts/mock/modules.mjs';
import { judging } from './axe.mjs';
import { answer, refuse, setUp, visit } from './steps.mjs';

export async function accessibility({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const { judge, found } = judging(page, { step, shot });
  const heading = (name) => page.getByRole('heading', { name, level: 1 }).waitFor();
  const api = (path) => `${server.url}api/v1/${path}`;
  const sample = createModules();

  await page.goto(`${server.url}setup`);
  await page.getByLabel('Set-up token').waitFor();
  await judge('setup-without-token');
  await page.goto(server.setupLink);
  await page.getByLabel('Name').waitFor();
  await judge('setup');
  await setUp(page, server);

  // A module of every kind of panel, in every state, as the stand-in has them.
  const stops = [
    await answer(page, api('panels'), { items: sample.panels() }),
    await answer(page, api('auth/me/modules'), { items: sample.mine() }),
    await answer(page, api('modules'), { items: sample.modules }),
  ];
  for (const { module, id } of sample.panels()) {
    if (id !== 'boom')
      stops.push(await answer(page, api(`m/${module}/panels/${id}`), sample.data(module, id)));
  }
  stops.push(await refuse(page, api('m/broken/panels/boom'), 500));
  for (const one of sample.modules) {
    stops.push(await answer(page, api(`modules/${one.id}`), one, { ETag: '"1"' }));
  }
  stops.push(
    await answer(page, api('modules/system/settings'), { ...sample.settings, version: 1 }, { ETag: '"1"' }),
  );
  stops.push(await answer(page, api('modules/system/settings/schema'), sample.settingsSchema));
  const version = { version: 1, at: new Date().toISOString(), actor: 'u1', actor_name: 'lin@example.com' };
  const changes = [
    { field: 'interval', before: '1s', after: '2s' },
    { field: 'alert.token', secret: true },
  ];
  stops.push(
    await answer(page, api('modules/system/settings/history'), {
      items: [
        { ...version, changes },
        { ...version, version: 0, changes: [] },
      ].slice(0, 1),
    }),
  );

  await page.goto(server.url);
  await page.locator('.chart canvas').waitFor();
  await page.locator('.prose').waitFor();
  await page.getByRole('button', { name: 'Publish' }).waitFor();
  await page.getByText('This panel failed.').waitFor();
  await judge('overview');
  await page.locator('.alternative summary').first().click();
  await judge('overview-table', '[data-panel]:has(details[open])');
  await page.getByLabel('Text').fill('');
  await page.getByRole('button', { name: 'Publish' }).click();
  await page
    .getByText(/Needs at least/)
    .or(page.getByText('This is needed.'))
    .waitFor();
  await judge('form-refused', '.panel.form');

  await visit(page, `${server.url}modules`);
  await page.locator('li[data-module=reports]').waitFor();
  await judge('modules');
  await page.getByRole('button', { name: /^Account of/ }).click();
  await judge('user-menu', '.menu');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await judge('palette');
  await page.keyboard.type('zzz');
  await page.getByText('Nothing has that name.').waitFor();
  await judge('palette-empty');
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 360, height: 860 });
  await page.getByRole('button', { name: 'Open menu' }).click();
  await page.getByRole('dialog').waitFor();
  await judge('drawer');
  await page.keyboard.press('Escape');

  await answer(
    page,
    api('modules/system/plan?op=disable&cascade=false'),
    sample.plan('system', 'disable', false),
  );
  await answer(
    page,
    api('modules/system/plan?op=disable&cascade=true'),
    sample.plan('system', 'disable', true),
  );
  await answer(
    page,
    api('modules/system/plan?op=uninstall&cascade=false'),
    sample.plan('system', 'uninstall', true),
  );
  await page.getByRole('button', { name: 'Disable System' }).click();
  await page.getByText('Not possible like this').waitFor();
  await judge('dialog-refused');
  await page.getByLabel(/^Include/).check();
  await page.getByText('Disable Capacity').waitFor();
  await judge('dialog-cascade');
  await page.keyboard.press('Escape');
  await visit(page, `${server.url}modules/reports`);
  await heading('Reports');
  await judge('module-failed');
  await visit(page, `${server.url}modules/system`);
  await heading('System');
  await judge('module');
  await page.getByRole('button', { name: 'Uninstall', exact: true }).click();
  await page.getByText('Delete its data for good').waitFor();
  await judge('dialog-uninstall');
  await page.keyboard.press('Escape');

  await visit(page, `${server.url}modules/system/settings`);
  await page.getByLabel('Webhook token').waitFor();
  await judge('settings');
  await page.getByLabel('Interval').fill('soon');
  await page.getByRole('button', { name: 'Review and save' }).click();
  await page.getByText('Write a duration').waitFor();
  await judge('settings-refused');
  await page.getByLabel('Interval').fill('9s');
  await page.getByLabel('Webhook token').fill('a new secret');
  await page.getByRole('button', { name: 'Review and save' }).click();
  await page.getByRole('dialog').waitFor();
  await judge('settings-review');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Restore the defaults' }).click();
  await page.getByRole('dialog').waitFor();
  await judge('settings-restore');
  await page.keyboard.press('Escape');
  for (const stop of stops) await stop();

  await page.goto(`${server.url}m/hello`);
  await page.locator('.module-root > div > *').first().waitFor();
  await judge('module-page');
  await visit(page, `${server.url}m/broken`);
  await page.getByText('The page of Broken failed').waitFor();
  await judge('module-page-broken');
  await visit(page, `${server.url}m/nothing`);
  await heading('This module is not available');
  await judge('module-page-absent');
  await visit(page, `${server.url}audit`);
  await page.getByRole('cell').first().waitFor();
  await judge('audit');
  await page.getByRole('cell', { name: 'module.install.done' }).first().getByRole('button').click();
  await page.waitForURL(/action=module\.install\.done/);
  await page.getByRole('cell', { name: 'session.login' }).waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('button', { name: 'Remove the filter What' }).waitFor();
  await judge('audit-filtered');
  await page.getByRole('button', { name: 'Remove the filter What' }).click();
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Filters');
  await visit(page, `${server.url}account`);
  await page.getByRole('heading', { name: 'Profile' }).waitFor();
  await judge('account');
  await visit(page, `${server.url}account/sessions`);
  await page.getByText('This one').waitFor();
  await judge('sessions');
  await page.getByRole('button', { name: 'Sign out here' }).click();
  await page.getByRole('dialog').waitFor();
  await judge('sessions-dialog');
  await page.keyboard.press('Escape');
  await visit(page, `${server.url}no/such/page`);
  await heading('There is no such page');
  await judge('not-found');

  await person.context.close();
  return [...found, ...person.faults];
}

/** The same for what shows while something is missing. */
export async function accessibilityOfFaults({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const { judge, found } = judging(page, { step, shot });
  const heading = (name) => page.getByRole('heading', { name, level: 1 }).waitFor();
  const api = (path) => `${server.url}api/v1/${path}`;
  await setUp(page, server);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(api('panels'), async (route) => {
    await held;
    await route.abort().catch(() => undefined);
  });
  await page.goto(server.url);
  await heading('Overview');
  await judge('loading');
  await page.unroute(api('panels'));
  release();
  const ready = await refuse(page, api('panels'), 503);
  await page.goto(server.url);
  await page.getByText('The server is not ready').waitFor();
  await judge('not-ready');
  await ready();
  const empty = await answer(page, api('panels'), { items: [] });
  await page.goto(server.url);
  await page.getByText('Nothing to show yet').waitFor();
  await judge('empty');
  await empty();

  await page.goto(`${server.url}account/sessions`);
  await page.getByText('This one').waitFor();
  await person.context.setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await judge('offline');
  await person.context.setOffline(false);
  await page.getByText('You are offline.').waitFor({ state: 'detached' });

  await page.route('**/assets/audit-*.js', (route) => route.fulfill({ status: 404 }));
  await page.getByRole('link', { name: 'Audit', exact: true }).click();
  await page.getByRole('heading', { name: 'There is a new version', level: 1 }).waitFor();
  await judge('stale-chunk');
  await page.unroute('**/assets/audit-*.js');

  await page.goto(`${server.url}account/sessions`);
  await page.getByText('This one').waitFor();
  await person.context.clearCookies();
  await page.getByRole('link', { name: 'Audit', exact: true }).click();
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  await judge('session-lost');

  await page.evaluate(() => localStorage.clear());
  await page.goto(`${server.url}login`);
  await page.getByLabel('Email').waitFor();
  await judge('login');
  const busy = await refuse(page, api('auth/login'), 429, { headers: { 'Retry-After': '60' } });
  await page.getByLabel('Email').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('x');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Too many requests').waitFor();
  await judge('login-throttled');
  await busy();
  await person.context.close();
  return [...found, ...person.faults];
}
