// The overview as somebody arranges it: by keyboard, by pointer, kept for the account, and made the default of a role.
import assert from 'node:assert/strict';
import { judging } from './axe.mjs';
import { setUp, signIn } from './steps.mjs';

const grace = { email: 'grace@example.com', password: 'a nanosecond is a foot of wire' };
const few = 6;

export async function layout({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const { keyboard: keys, mouse } = page;
  const { judge, found } = judging(page, { step, shot });
  // The first panels only: what holds for them holds for all.
  await page.route(`${server.url}api/v1/panels`, async (route) => {
    const response = await route.fetch();
    const { items } = await response.json();
    await route.fulfill({ response, json: { items: items.slice(0, few) } });
  });
  await setUp(page, server);
  const grip = (title) => page.getByRole('button', { name: `Move ${title}`, exact: true });
  const edit = async () => {
    await page.getByRole('button', { name: 'Edit layout' }).click();
    await page.getByRole('heading', { name: 'Arrange the panels' }).waitFor();
  };
  const done = () => page.getByRole('button', { name: 'Done' }).click();
  const said = (text) => page.getByRole('status').filter({ hasText: text }).waitFor({ state: 'attached' });
  const kept = () =>
    page.waitForResponse(
      (response) => response.url().endsWith('/auth/me/layout') && response.request().method() === 'PUT',
    );

  await step('by keyboard: lift, move, resize, put back, put down; the focus stays on the grip', async () => {
    await page.locator('[data-panel="system/cpu"]').waitFor();
    await page.getByRole('button', { name: 'Edit layout' }).focus();
    await keys.press('Enter');
    await page.getByRole('heading', { name: 'Arrange the panels' }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Arrange the panels');
    assert.deepEqual((await tiles(page)).slice(0, 3), ['system/cpu', 'system/memory', 'system/disk']);
    await keys.press('Tab');
    assert.ok(await grip('CPU').evaluate((one) => one === document.activeElement));
    await keys.press('Space');
    await said('CPU is lifted. Place 1 of');
    await keys.press('ArrowRight');
    await said('CPU: place 2 of');
    await keys.press('Escape');
    await said('CPU is back where it was.');
    assert.equal((await tiles(page))[0], 'system/cpu');
    await keys.press('Enter');
    await keys.press('ArrowRight');
    await keys.press('ArrowRight');
    await keys.press('Shift+ArrowRight');
    await keys.press('Shift+ArrowDown');
    await said('CPU: 2 wide, 2 high.');
    await shot(page, 'lifted');
    const put = kept();
    await keys.press('Enter');
    await said('CPU is put down. Place 3 of');
    assert.ok((await put).ok());
    assert.ok(await grip('CPU').evaluate((one) => one === document.activeElement));
    assert.deepEqual((await tiles(page)).slice(0, 3), ['system/memory', 'system/disk', 'system/cpu']);
  });

  await judge('arranging');
  await grip('CPU').click();
  await said('CPU is lifted.');
  await judge('arranging-lifted');
  await keys.press('Escape');

  await step('by pointer: a panel is dragged, resized by its corner, and hidden', async () => {
    await page.evaluate(() => scrollTo(0, 0));
    const from = await center(grip('Memory'));
    const over = await page.locator('[data-tile="system/disk"]').boundingBox();
    let put = kept();
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(from.x + 20, from.y + 10, { steps: 4 });
    await mouse.move(over.x + over.width * 0.8, over.y + over.height / 2, { steps: 12 });
    await shot(page, 'dragged');
    await mouse.up();
    await put;
    assert.deepEqual((await tiles(page)).slice(0, 2), ['system/disk', 'system/memory']);
    const corner = await center(page.locator('[data-tile="system/disk"] .tile-corner'));
    const { width } = await page.locator('[data-tile="system/disk"]').boundingBox();
    put = kept();
    await mouse.move(corner.x, corner.y);
    await mouse.down();
    await mouse.move(corner.x + width, corner.y, { steps: 12 });
    await mouse.up();
    await put;
    await page.locator('[data-tile="system/disk"].w2').waitFor();
    put = kept();
    await page.getByRole('button', { name: 'Hide Load, 1 minute' }).click();
    await page.getByRole('button', { name: 'Show Load, 1 minute' }).waitFor();
    await put;
    await shot(page, 'arranged');
    await done();
    await page.locator('.grid.arranged [data-panel="system/disk"].w2').waitFor();
    assert.ok(
      await page
        .getByRole('button', { name: 'Edit layout' })
        .evaluate((one) => one === document.activeElement),
    );
  });

  await step('it is kept for the account: a reload and another browser show the same', async () => {
    const expected = ['system/disk', 'system/memory', 'system/cpu'];
    await page.reload();
    assert.deepEqual((await panels(page)).slice(0, 3), expected);
    const elsewhere = await browser.person();
    const there = await elsewhere.context.newPage();
    await there.goto(server.url);
    await signIn(there);
    const shown = await panels(there);
    assert.deepEqual(shown.slice(0, 3), expected);
    assert.ok(!shown.includes('system/load'));
    await there.locator('[data-panel="system/cpu"].w2.h2').waitFor();
    await elsewhere.context.close();
    person.faults.push(...elsewhere.faults);
  });

  await judge('arranged');

  await step('it is made the default of a role', async () => {
    await edit();
    await page.getByRole('button', { name: 'Set as default for a role…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Default layout of a role' });
    await dialog.getByLabel('Role').selectOption('viewer');
    await dialog.getByText('The role has no default layout yet.').waitFor();
  });
  await judge('role-default');
  await step('which is said', async () => {
    await page.getByRole('button', { name: 'Set as default', exact: true }).click();
    await page.getByText('This is the default layout of viewer now.').waitFor();
  });

  if (server.real) {
    await step('somebody of the role sees it, until they arrange their own', async () => {
      const status = await page.evaluate(
        async ([path, body]) =>
          (await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }))
            .status,
        [`${server.url}api/v1/users`, JSON.stringify({ ...grace, name: 'Grace', roles: ['viewer'] })],
      );
      assert.equal(status, 201);
      const other = await browser.person();
      const there = await other.context.newPage();
      await there.goto(server.url);
      await there.getByLabel('Email').fill(grace.email);
      await there.getByLabel('Password', { exact: true }).fill(grace.password);
      await there.getByRole('button', { name: 'Sign in', exact: true }).click();
      assert.deepEqual((await panels(there)).slice(0, 2), ['system/disk', 'system/memory']);
      await other.context.close();
      person.faults.push(...other.faults);
    });
  }

  await step('the own arrangement is forgotten after asking', async () => {
    await page.getByRole('button', { name: 'Reset to default' }).click();
    await page.getByRole('dialog', { name: 'Reset the layout?' }).waitFor();
  });
  await judge('reset');
  await step('and the modules stand one after the other again', async () => {
    await page.getByRole('dialog').getByRole('button', { name: 'Reset to default' }).click();
    await page.getByText('The default layout shows.').waitFor();
    await done();
    await page.locator('section[data-module=system]').waitFor();
    assert.equal((await panels(page))[0], 'system/cpu');
  });

  await person.context.close();
  return [...person.faults, ...found];
}

const tiles = (page) =>
  page.locator('[data-tile]').evaluateAll((all) => all.map((one) => one.getAttribute('data-tile')));

async function panels(page) {
  await page.locator('main [data-panel]').first().waitFor();
  return page
    .locator('main [data-panel]')
    .evaluateAll((all) => all.map((one) => one.getAttribute('data-panel')));
}

async function center(locator) {
  await locator.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await locator.boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}
