// Accounts and roles: made, found, given rights, and nobody hands out more than they hold.
import assert from 'node:assert/strict';
import { judging } from './axe.mjs';
import { setUp, visit } from './steps.mjs';

const grace = { email: 'grace.h@example.com', password: 'a nanosecond is a foot of wire' };

export async function users({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const { judge, found } = judging(page, { step, shot });
  await setUp(page, server);
  const save = async (text) => {
    await page.getByRole('button', { name: 'Review and save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save these changes?' });
    await dialog.getByText(text).first().waitFor();
    await shot(page, `review-${text.replaceAll(/\W+/g, '-')}`);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
  };

  await step('a role is made', async () => {
    await visit(page, `${server.url}roles`);
    await page.getByRole('button', { name: 'New role' }).click();
  });
  await judge('new-role');
  await step('with a name of its own', async () => {
    const dialog = page.getByRole('dialog', { name: 'New role' });
    await dialog.getByLabel('Title').fill('Night shift');
    assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'night-shift');
    await dialog.getByRole('checkbox', { name: /^Viewer/ }).check();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Night shift', level: 1 }).waitFor();
  });

  await step(
    'its permissions say what is inherited; the difference is shown before it is saved',
    async () => {
      const inherited = page.getByRole('checkbox', { name: /^Read the audit log/ });
      await inherited.waitFor();
      assert.ok(await inherited.isDisabled());
      assert.ok(await inherited.isChecked());
      await page.getByRole('checkbox', { name: /dashboard\.users\.manage/ }).check();
      await save('dashboard.users.manage');
      await page.getByText('Night shift saved.').waitFor();
    },
  );

  await judge('role');

  await step('an account is made with it, and can be searched for', async () => {
    await visit(page, `${server.url}users`);
    await page.getByRole('button', { name: 'New user' }).click();
    const dialog = page.getByRole('dialog', { name: 'New user' });
    await dialog.getByRole('checkbox').first().waitFor();
  });
  await judge('new-user');
  await step('and is the one that is found', async () => {
    const dialog = page.getByRole('dialog', { name: 'New user' });
    await dialog.getByLabel('Email').fill(grace.email);
    await dialog.getByLabel('Name').fill('Grace Hopper');
    await dialog.getByLabel('Password', { exact: true }).fill(grace.password);
    await dialog.getByRole('checkbox', { name: /^Night shift/ }).check();
    await shot(page, 'new-user');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Grace Hopper', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Users', exact: true }).last().click();
    await page.getByRole('searchbox').fill('grace.h');
    await page.waitForURL(/q=grace\.h/);
    await page.getByText('Page 1, 1 row').waitFor();
  });

  await judge('users');

  await step('a filter by role and state stands in the address', async () => {
    await page.goto(`${server.url}users?filter=roles%3A%22night-shift%22+AND+disabled+%3D+false`);
    await page.getByRole('button', { name: /^Change the filter Roles has night-shift/ }).waitFor();
    await page.getByText('Page 1, 1 row').waitFor();
    await page.getByRole('link', { name: grace.email }).click();
    await page.getByRole('heading', { name: 'Grace Hopper', level: 1 }).waitFor();
  });

  await step('it is disabled and enabled after asking', async () => {
    for (const verb of ['Disable', 'Enable']) {
      await page.getByRole('button', { name: verb, exact: true }).click();
      const dialog = page.getByRole('dialog', { name: `${verb} ${grace.email}?` });
      await dialog.waitFor();
      if (verb === 'Disable') await judge('disable');
      await dialog.getByRole('button', { name: verb, exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.locator('.badge', { hasText: `${verb}d` }).waitFor();
    }
  });

  await judge('user');

  await step('the matrix shows who may do what', async () => {
    await visit(page, `${server.url}roles`);
    const row = page.getByRole('row', { name: /^Read the audit log/ });
    await row.waitFor();
    assert.match(await row.innerText(), /inherited/);
    assert.match(await row.innerText(), /by a wildcard/);
  });

  await judge('roles');

  const faults = await fewerRights({ browser, server, step, shot });

  await step('a role that somebody has cannot be deleted, and says why', async () => {
    await visit(page, `${server.url}roles/night-shift`);
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete Night shift?' });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('An account or a role still has this role.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  return [...person.faults, ...faults, ...found];
}

/** The same screens for somebody with fewer rights; the stand-in knows one account only. */
async function fewerRights({ browser, server, step, shot }) {
  const other = await browser.person();
  const page = await other.context.newPage();
  await page.goto(`${server.url}login`);
  await page.getByLabel('Email').fill(grace.email);
  await page.getByLabel('Password', { exact: true }).fill(grace.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const refused = page.getByRole('alert');
  await Promise.race([
    page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor(),
    refused.first().waitFor(),
  ]);
  if (await refused.first().isVisible()) {
    await other.context.close();
    return other.faults;
  }
  await step('who holds less hands out no more: the rest is disabled, with the reason', async () => {
    await visit(page, `${server.url}users`);
    await page.getByRole('button', { name: 'New user' }).click();
    const owner = page.getByRole('checkbox', { name: /^Owner/ });
    await owner.waitFor();
    assert.ok(await owner.isDisabled());
    await page.getByText('Gives *, which you do not hold.').waitFor();
    await page.keyboard.press('Escape');
    await visit(page, `${server.url}roles/owner`);
    await page.getByText('This role is part of the program.').waitFor();
    await visit(page, `${server.url}roles/night-shift`);
    await page.getByText('You do not hold this permission.').first().waitFor();
    await shot(page, 'fewer-rights');
  });
  await other.context.close();
  return other.faults;
}
