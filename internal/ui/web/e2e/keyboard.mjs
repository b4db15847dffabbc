// The keyboard alone is enough.
import assert from 'node:assert/strict';
import { account } from './server.mjs';
import { setUp } from './steps.mjs';

export async function keyboard({ browser, server, step, shot }) {
  const owner = await browser.person();
  const first = await owner.context.newPage();
  await setUp(first, server);
  await owner.context.close();

  const person = await browser.person();
  const page = await person.context.newPage();
  const { keyboard: keys } = page;
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? '';
    });
  /** Presses Tab until what it says on the focused element. */
  const tabTo = async (name) => {
    for (let i = 0; i < 40; i++) {
      if (new RegExp(`^${name}`).test(await focused())) return;
      await keys.press('Tab');
    }
    assert.fail(`Tab does not reach ${name}; it stopped at ${await focused()}`);
  };

  await step('sign in', async () => {
    await page.goto(server.url);
    await page.getByRole('heading', { name: /^Sign in to/ }).waitFor();
    await page.waitForFunction(() => document.activeElement?.name === 'email');
    await keys.type(account.email);
    await keys.press('Tab');
    await keys.type(account.password);
    await keys.press('Enter');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  });

  await step('skip to the content', async () => {
    await page.reload();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await keys.press('Tab');
    assert.equal(await focused(), 'Skip to content');
    await shot(page, 'skip-link');
    await keys.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  });

  await step('find a screen with Control K; the new page takes the focus', async () => {
    await keys.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to…' }).waitFor();
    await keys.type('all mod');
    await shot(page, 'palette');
    await keys.press('Enter');
    await page.getByRole('heading', { name: 'All modules', level: 1 }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'All modules');
  });

  await step('a dialog keeps the focus inside and gives it back', async () => {
    await tabTo('Disable Guest book');
    await keys.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Disable Guest book?' });
    await dialog.waitFor();
    for (let i = 0; i < 6; i++) {
      await keys.press('Tab');
      // The browser's own controls may have a turn; nothing of the page behind may.
      assert.ok(
        await page.evaluate(
          () => document.activeElement === document.body || document.activeElement?.closest('dialog'),
        ),
      );
    }
    await keys.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await focused(), 'Disable Guest book');
  });

  await step('change the theme and leave the menu; the focus is back on its button', async () => {
    await page.reload();
    await page.getByRole('heading', { name: 'All modules', level: 1 }).waitFor();
    await tabTo('Account of');
    await keys.press('Enter');
    await page.getByRole('radio', { name: 'Auto' }).waitFor();
    await keys.press('Tab');
    await keys.press('ArrowRight');
    await keys.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await shot(page, 'user-menu-dark');
    await keys.press('Escape');
    assert.match(await focused(), /^Account of/);
    await page.reload();
    await page.getByRole('heading', { name: 'All modules', level: 1 }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  });

  await step('edit and save settings', async () => {
    await tabTo('Settings System');
    await keys.press('Enter');
    await page.getByLabel('Interval').waitFor();
    for (let i = 0; i < 60 && (await page.evaluate(() => document.activeElement?.name)) !== 'interval'; i++) {
      await keys.press('Tab');
    }
    await keys.press('Control+a');
    await keys.type('4s');
    await keys.press('Enter');
    await page.getByRole('dialog', { name: 'Save these changes?' }).waitFor();
    await tabTo('Save');
    await keys.press('Enter');
    await page.getByText('Settings saved and applied.').waitFor();
  });

  await person.context.close();
  return [...owner.faults, ...person.faults];
}
