// A module's table, which no screen was written for: found, filtered, edited against others, exported, all by the page
// that its description makes.
import assert from 'node:assert/strict';
import { judging } from './axe.mjs';
import { setUp } from './steps.mjs';

const rows = 1000;

export async function resources({ browser, server, step, shot }) {
  const person = await browser.person();
  const page = await person.context.newPage();
  const keys = page.keyboard;
  const { judge, found } = judging(page, { step, shot });
  const api = `${server.url}api/v1/m/customers`;
  const list = `${server.url}m/customers/r/customers`;
  const cell = (row, column) => page.locator('tbody tr').nth(row).locator('td:not(.pick)').nth(column);
  const settled = () => page.locator('.data-scroll[aria-busy=false] tbody tr').first().waitFor();
  /** Asks as somebody else would, from beside the page. */
  const ask = (method, path, body) =>
    page.evaluate(
      async ([method, path, body]) => {
        const response = await fetch(path, {
          method,
          headers: { 'Content-Type': 'application/json' },
          body: body && JSON.stringify(body),
        });
        return response.status;
      },
      [method, `${api}/${path}`, body],
    );
  let asked = [];
  page.on('request', (request) => {
    if (request.url().startsWith(`${api}/customers`))
      asked.push(`${request.method()} ${request.url().slice(api.length)}`);
  });
  const once = async (act) => {
    asked = [];
    const answered = page.waitForResponse((response) => response.url().startsWith(`${api}/customers`));
    await act();
    await answered;
    await settled();
    assert.equal(asked.length, 1, asked.join('\n'));
  };
  await setUp(page, server);
  assert.equal(await ask('POST', 'samples', { count: rows }), 200);

  if (server.real) {
    await step('the page of a module that is one table is that table', async () => {
      await page.goto(`${server.url}m/customers`);
      await page.waitForURL(list);
      await page.getByRole('navigation', { name: 'Up' }).getByRole('link', { name: 'Overview' }).waitFor();
      await settled();
    });
  }

  await step('a page is one request, and so are the order and the next page, by keyboard', async () => {
    await once(() => page.goto(list));
    await once(() => page.getByRole('button', { name: 'Seats' }).press('Enter'));
    await once(() => page.getByRole('button', { name: 'Seats' }).press('Enter'));
    await page.waitForURL(/sort=-seats/);
    assert.match(await page.locator('th[aria-sort=descending]').innerText(), /Seats/);
    assert.equal(await cell(0, 3).innerText(), '499');
    await once(() => page.getByRole('button', { name: 'Next' }).press('Enter'));
    await page.getByText('Page 2, 50 rows').waitFor();
    await shot(page, 'second-page');
  });

  await step('a reload and the way back show the same', async () => {
    const there = await cell(0, 1).innerText();
    await page.reload();
    await settled();
    assert.equal(await cell(0, 1).innerText(), there);
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByText('Page 1, 50 rows').waitFor();
    await settled();
    assert.equal(await cell(0, 3).innerText(), '499');
  });

  await step('it is searched and filtered by the keyboard alone', async () => {
    await page.getByRole('searchbox').focus();
    await keys.type('grace');
    await page.waitForURL(/q=grace/);
    await cell(0, 0)
      .filter({ hasText: /^Grace/ })
      .waitFor();
    await keys.press('Tab');
    await keys.press('Enter');
    await page.getByLabel('Field').waitFor();
    await keys.type('Plan');
    await keys.press('Tab');
    await keys.press('Tab');
    await keys.type('team');
    await keys.press('Enter');
    if (await page.getByLabel('Field').isVisible())
      await page.getByRole('button', { name: 'Apply' }).press('Enter');
    await page.getByRole('button', { name: 'Change the filter Plan is team' }).waitFor();
    await page.locator('.data-scroll[aria-busy=false] td[data-title=Plan]').first().waitFor();
    await cell(0, 2).filter({ hasText: 'team' }).waitFor();
    assert.deepEqual([...new Set(await page.locator('tbody td[data-title=Plan]').allInnerTexts())], ['team']);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Filter');
  });

  await step('a filter that makes no sense is explained, with a way out', async () => {
    await page.goto(`${list}?filter=nope+%3D+1`);
    await page.getByText('There is no field nope').waitFor();
    await shot(page, 'bad-filter');
    await page.getByRole('button', { name: 'Remove search, filter and order' }).click();
    await settled();
  });

  await judge('table');

  await step('the selection asks, deletes, and is empty again', async () => {
    const name = await cell(0, 0).innerText();
    await page
      .getByRole('checkbox', { name: `Select ${name}` })
      .first()
      .check();
    await page.getByRole('button', { name: 'Filter' }).click();
    await shot(page, 'selection-and-filter');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('group', { name: 'Selected rows' }).getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete: 1 item?' });
    await dialog.getByText(name).waitFor();
    await shot(page, 'bulk-delete');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('group', { name: 'Selected rows' }).waitFor({ state: 'detached' });
    await page.getByText('Delete: 1 item done.').waitFor();
  });

  await step(
    'a new item is refused at its field, which has the focus, and made when it is right',
    async () => {
      await page.getByRole('button', { name: 'New Customer' }).click();
      const dialog = page.getByRole('dialog', { name: 'New Customer' });
      await dialog.getByLabel('Name').fill('Zoe Zander');
      await dialog.getByLabel('Email').fill('zoe');
      await dialog.getByRole('button', { name: 'Create' }).click();
      const wrong = dialog.getByLabel('Email').and(page.locator('[aria-invalid=true]'));
      await wrong.waitFor();
      assert.ok(await wrong.evaluate((input) => input === document.activeElement));
      await shot(page, 'create-refused');
      await wrong.fill('zoe@example.com');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('heading', { name: 'Zoe Zander', level: 1 }).waitFor();
    },
  );

  await step(
    'what somebody else saved meanwhile is shown; mine goes over it only when I say so',
    async () => {
      const id = new URL(page.url()).pathname.split('/').at(-1);
      await page.getByLabel('Seats').fill('77');
      assert.equal(await ask('PATCH', `customers/${id}`, { name: 'Zoe Zimmer' }), 200);
      await page.getByRole('button', { name: 'Review and save' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      const alert = page.getByRole('alert').filter({ hasText: 'Zoe Zimmer' });
      await alert.waitFor();
      await shot(page, 'conflict');
      await alert.getByRole('button', { name: 'Keep my values and review again' }).click();
      await page.getByLabel('Name').fill('Zoe Zimmer');
      await page.getByRole('button', { name: 'Review and save' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { name: 'Zoe Zimmer', level: 1 }).waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.equal(await page.getByLabel('Seats').inputValue(), '77');
    },
  );

  await judge('item');

  await step('it is deleted after asking, and the list is there again', async () => {
    await page.getByRole('button', { name: 'Delete' }).click();
    await page
      .getByRole('dialog', { name: 'Delete Zoe Zimmer?' })
      .getByRole('button', { name: 'Delete' })
      .click();
    await page.getByRole('heading', { name: 'Customers', level: 1 }).waitFor();
    await settled();
  });

  await step('the export is a download of what the filter leaves', async () => {
    await page.goto(`${list}?filter=plan+%3D+team`);
    await settled();
    await page.getByRole('button', { name: 'Export' }).click();
    const link = page.getByRole('link', { name: 'Download CSV' });
    await shot(page, 'export');
    const {
      type,
      status,
      asked: address,
    } = await link.evaluate(async (a) => {
      const response = await fetch(a.href);
      return { type: response.headers.get('Content-Type'), status: response.status, asked: a.href };
    });
    assert.equal(status, 200);
    assert.match(type, /^text\/csv/);
    assert.match(address, /filter=plan/);
  });

  return [...person.faults, ...found];
}
