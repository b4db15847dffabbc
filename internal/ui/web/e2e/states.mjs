// What settings and module actions say when they are refused.
import assert from 'node:assert/strict';
import { act, follow, refuse, setUp } from './steps.mjs';

export async function states({ browser, server, step, shot }) {
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

  await step('422: the server names the field, which shows its sentence and has the focus', async () => {
    await follow(page, 'All modules');
    await page.getByRole('link', { name: 'Settings System' }).click();
    await review('Interval', '1ns');
    await save();
    await page.getByText(/must be at least/i).waitFor();
    const field = page.getByLabel('Interval');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.ok(await field.evaluate((input) => input === document.activeElement));
    await shot(page, 'state-422');
  });

  await step('a value that the schema refuses is told before anything is sent', async () => {
    await page.getByLabel('Interval').fill('soon');
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByText('Write a duration such as 500ms, 2s or 1m30s.').waitFor();
  });

  await step('412: another person saved meanwhile; nothing is overwritten unseen', async () => {
    await page.getByLabel('Interval').fill('7s');
    await page.evaluate(async () => {
      // A second client with the same session, which the page hears of only afterwards.
      const base = JSON.parse(document.querySelector('meta[name=dashboard-config]').content).base;
      const path = `${base}api/v1/modules/system/settings`;
      const read = await fetch(path);
      const { values } = await read.json();
      const headers = { 'Content-Type': 'application/json', 'If-Match': read.headers.get('ETag') };
      const wrote = await fetch(path, {
        method: 'PUT',
        headers,
        body: JSON.stringify({ values: { ...values, interval: '5s' } }),
      });
      if (!wrote.ok) throw new Error(`the other client was refused: ${wrote.status}`);
    });
    await page.getByText('Someone else saved these settings').waitFor();
    assert.equal(await page.getByLabel('Interval').inputValue(), '7s');
    await shot(page, 'state-412');
    await page.getByRole('button', { name: 'Keep my values and review again' }).click();
    await page.getByRole('button', { name: 'Review and save' }).click();
    assert.match(await page.getByRole('dialog').innerText(), /5s[\s\S]*7s/);
    await save();
    // The form is filled anew with what was saved when the dialog goes.
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('Settings saved and applied.').waitFor();
  });

  await step('412 at the moment of saving: the change is kept and shown against the newer one', async () => {
    const stop = await refuse(page, api('modules/system/settings'), 412, {
      method: 'PUT',
      slug: 'changed-meanwhile',
    });
    await review('Interval', '3s');
    await save();
    await page.getByRole('alert').filter({ hasText: 'Your change was not saved.' }).waitFor();
    assert.equal(await page.getByLabel('Interval').inputValue(), '3s');
    await stop();
    await page.getByRole('button', { name: 'Discard changes' }).click();
  });

  await step('an earlier version of the settings is restored', async () => {
    await page.getByRole('button', { name: 'Restore the defaults' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Restore', exact: true }).click();
    await page.getByText('Defaults restored.').waitFor();
    await page.waitForFunction(() => document.querySelector('input[name=interval]').value === '2s');
  });

  await step('409: other modules need it, which is said, and they can be included', async () => {
    await follow(page, 'All modules');
    await page.getByRole('button', { name: 'Disable System' }).click();
    const dialog = page.getByRole('dialog', { name: 'Disable System?' });
    const confirm = dialog.getByRole('button', { name: 'Disable', exact: true });
    if (
      await dialog
        .getByText('Not possible like this')
        .isVisible()
        .catch(() => false)
    ) {
      await dialog.getByRole('button', { name: 'Cancel' }).click(); // the stand-in's own dependants
      return;
    }
    const stop = await refuse(page, /modules\/system\/disable/, 409, {
      slug: 'module-required',
      required_by: ['capacity'],
    });
    await confirm.click();
    await dialog.getByText('These depend on it: capacity.').waitFor();
    assert.equal(await confirm.getAttribute('aria-disabled'), 'true');
    await shot(page, 'state-409');
    await dialog.getByLabel('Include the modules that depend on it: capacity').check();
    await stop();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  await step('412 of an action: nothing is done, and the plan is shown anew', async () => {
    await page.getByRole('button', { name: 'Disable Guest book' }).click();
    const dialog = page.getByRole('dialog', { name: 'Disable Guest book?' });
    const stop = await refuse(page, /modules\/hello\/disable/, 412, { slug: 'changed-meanwhile' });
    await dialog
      .getByRole('button', { name: 'Disable', exact: true })

      .click();
    await dialog.getByText('Nothing was done.').waitFor();
    await stop();
    await dialog
      .getByRole('button', { name: 'Disable', exact: true })

      .click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('li[data-module=hello][data-state=installed]').waitFor();
    await act(page, 'Enable', 'Guest book');
    await page.locator('li[data-module=hello][data-state=enabled]').waitFor();
  });

  await person.context.close();
  return person.faults;
}
