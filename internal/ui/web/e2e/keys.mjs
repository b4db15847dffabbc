// A key for a program: made, shown once, used, revoked.
import assert from 'node:assert/strict';
import { judging } from './axe.mjs';
import { setUp } from './steps.mjs';

export async function keys({ browser, server, step, shot }) {
  const person = await browser.person({ permissions: ['clipboard-write', 'clipboard-read'] });
  const page = await person.context.newPage();
  const { judge, found } = judging(page, { step, shot });
  await setUp(page, server);
  await page.goto(`${server.url}account/keys`);
  const open = async () => {
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog', { name: 'New key' }).waitFor();
  };

  await step('a key needs a name and a permission', async () => {
    await open();
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByText('Choose at least one permission.').waitFor();
    assert.ok(await page.getByLabel('Name').evaluate((input) => input === document.activeElement));
  });

  await judge('new-key');

  let secret = '';
  await step('it is shown once and copied', async () => {
    await page.getByLabel('Name').fill('Nightly import');
    await page.getByRole('checkbox', { name: /dashboard\.audit\.read/ }).check();
    await page.getByLabel('Expires').selectOption('30');
    await page.getByRole('button', { name: 'Create key' }).click();
    const dialog = page.getByRole('dialog', { name: 'Key Nightly import created' });
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await dialog.getByText('Copied.').waitFor();
    secret = await dialog.getByLabel('The key').inputValue();
    assert.match(secret, /^dsh_/);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    await shot(page, 'key');
    await page.keyboard.press('Escape');
    await dialog.waitFor();
  });

  await judge('key');

  await step('and is gone with the dialog', async () => {
    const dialog = page.getByRole('dialog', { name: 'Key Nightly import created' });
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.ok(!(await page.content()).includes(secret));
    await page.getByText('Nightly import').first().waitFor();
  });

  await judge('keys');

  /** What a program gets with the key. */
  const program = async () =>
    (await fetch(`${server.url}api/v1/audit?limit=1`, { headers: { Authorization: `Bearer ${secret}` } }))
      .status;

  await step('it is revoked after asking, and works until then', async () => {
    if (server.real) assert.equal(await program(), 200);
    await page.getByRole('button', { name: 'Revoke Nightly import' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Revoke Nightly import?' });
    await shot(page, 'revoke');
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Nightly import revoked.').waitFor();
    if (server.real) assert.equal(await program(), 401);
  });

  return [...person.faults, ...found];
}
