// A feature flag from its creation over its rules, a rollout and the emergency brake back to what it was before.
import assert from 'node:assert/strict';
import { judging } from './axe.mjs';
import { setUp, follow, visit } from './steps.mjs';

const key = 'checkout/new-cart';

export async function flags({ browser, server, step, shot }) {
  if (!server.real) return [];
  const person = await browser.person();
  const page = await person.context.newPage();
  const { judge, found } = judging(page, { step, shot });
  const tab = (name) =>
    page.getByRole('navigation', { name: key }).getByRole('link', { name, exact: true }).click();
  const button = (name) => page.getByRole('button', { name, exact: true });
  const dialog = page.getByRole('dialog');
  const api = `${server.url}api/v1/`;
  const one = `${api}flags/${encodeURIComponent(key)}`;
  /** Asks as somebody else would, from beside the page. */
  const beside = (change) =>
    page.evaluate(
      async ([url, change]) => {
        const read = await fetch(url);
        const { definition } = await read.json();
        const headers = { 'Content-Type': 'application/json', 'If-Match': read.headers.get('ETag') };
        const body = JSON.stringify({ definition: { ...definition, ...change } });
        const wrote = await fetch(url, { method: 'PUT', headers, body });
        if (!wrote.ok) throw new Error(`the other client was refused: ${wrote.status}`);
      },
      [one, change],
    );
  const save = async (comment) => {
    await button('Review and save').click();
    if (comment) await dialog.getByLabel('Comment').fill(comment);
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  await setUp(page, server);

  await step('there is none yet, and a key is needed to make one', async () => {
    await follow(page, 'Flags');
    await page.getByText('Nothing here yet').waitFor();
    await button('New flag').click();
    await dialog.getByRole('button', { name: 'Create' }).click();
    const field = dialog.getByLabel('Key').and(page.locator('[aria-invalid=true]'));
    await field.waitFor();
    assert.ok(await field.evaluate((input) => input === document.activeElement));
  });
  await judge('flags-create');

  await step('a flag is made, whose key holds a slash', async () => {
    await dialog.getByLabel('Key').fill(key);
    await dialog.getByLabel('Owner').fill('payments');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: key, level: 1 }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: key, level: 1 }).waitFor();
    await page.getByText('Nobody would get another variant.').waitFor();
  });

  await step(
    'a rule and a rollout are made by form, and whom they affect is counted before saving',
    async () => {
      await button('Add a rule').click();
      await page
        .getByRole('textbox', { name: 'Value', exact: true })
        .or(page.getByLabel('Value', { exact: true }))
        .first()
        .fill('@example.com');
      await page.getByLabel('Everybody else').selectOption({ label: 'A share of each…' });
      await page.getByRole('slider', { name: 'Share of on' }).fill('25');
      await page.getByText(/2[3-7](\.\d)?% of people would get another variant\./).waitFor();
      await page.getByText('Of 1 account here, 1 would.').waitFor();
      await shot(page, 'flag-rollout');
    },
  );
  await judge('flag-form');

  await step('the same stands in the JSON, and what is written there in the form', async () => {
    await page.getByText('JSON', { exact: true }).click();
    const area = page.getByLabel('Definition as JSON');
    const written = JSON.parse(await area.inputValue());
    assert.deepEqual(written.targeting, {
      if: [
        { ends_with: [{ var: 'email' }, '@example.com'] },
        'on',
        {
          fractional: [
            ['on', 25],
            ['off', 75],
          ],
        },
      ],
    });
    await area.fill(JSON.stringify({ ...written, defaultVariant: 'nope' }, null, 2));
    await page.getByRole('button', { name: /^line \d+, column \d+$/ }).click();
    await shot(page, 'flag-json-wrong');
    assert.equal(await button('Review and save').getAttribute('aria-disabled'), 'true');
    await area.fill('{');
    await page.getByText('This is no JSON object.').waitFor();
    written.targeting.if[0] = { and: [written.targeting.if[0], { '>': [{ '+': [{ var: 'age' }, 1] }, 18] }] };
    await area.fill(JSON.stringify(written, null, 2));
    await page.getByText('Form', { exact: true }).click();
    await page.getByLabel('Condition as JSON').waitFor();
    assert.match(await page.getByLabel('Condition as JSON').inputValue(), /"\+"/);
    await button('Remove condition 2').click();
    await save('A quarter to begin with');
    await page.getByText(`${key} saved.`).waitFor();
  });

  await step('somebody is asked for: an account, and anybody described', async () => {
    await tab('Try');
    await page.getByLabel('Find by name or email').fill('ada');
    await page.getByRole('radio', { name: /Ada Lovelace/ }).check();
    await page.locator('.flag-got', { hasText: 'on' }).waitFor();
    await page.getByText('Anybody', { exact: true }).click();
    await page.getByLabel('Targeting key').fill('somebody');
    await page.getByLabel('Value of attribute 1').fill('x@elsewhere.org');
    await page.getByText('TARGETING_MATCH').or(page.getByText('SPLIT')).first().waitFor();
    await page.locator('.flag-steps li').first().waitFor();
  });
  await judge('flag-try', '.flag-try');

  await step('what somebody else saves meanwhile is shown, and no edit is lost', async () => {
    await tab('Rules');
    await page.getByRole('slider', { name: 'Share of on' }).fill('60');
    await beside({ metadata: { owner: 'cart team' } });
    await page.getByText('Someone else changed this').waitFor();
    await page.getByLabel('What was changed meanwhile').getByText('cart team').waitFor();
    assert.equal(await page.getByRole('slider', { name: 'Share of on' }).inputValue(), '60');
    await judge('flag-conflict', '.save-bar');
    await button('Keep my values and review again').click();
    assert.equal(await page.getByLabel('Owner').inputValue(), 'cart team');
    assert.equal(await page.getByRole('slider', { name: 'Share of on' }).inputValue(), '60');
    await button('Review and save').click();
    await judge('flag-review');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  });

  await step('it is stopped for everybody after asking, and follows its rules again', async () => {
    await button('Stop').click();
    await shot(page, 'flag-stop');
    await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('This flag is stopped').waitFor();
    await dialog.waitFor({ state: 'detached' });
    await shot(page, 'flag-stopped');
    await button('Resume').click();
    await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByText('This flag is stopped').waitFor({ state: 'detached' });
    await dialog.waitFor({ state: 'detached' });
  });

  await step('its history shows what changed, and an earlier version comes back', async () => {
    await tab('History');
    await page.getByText('A quarter to begin with').waitFor();
    await page.getByText('What changed').nth(1).click();
    await judge('flag-history', '.history');
    await page.getByRole('button', { name: 'Restore version 2' }).click();
    await shot(page, 'flag-restore');
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await page.getByText(`${key} is back at version 2.`).waitFor();
    await tab('Rules');
    await page.waitForFunction(() => document.querySelector('input[type=range]')?.value === '25');
  });

  await step('an experiment is read out', async () => {
    await page.route(`${api}flags/metrics`, (route) => route.fulfill({ json: { items: ['orders'] } }));
    await page.route(`${one}/experiment*`, (route) => route.fulfill({ json: readout }));
    await tab('Experiment');
    await page.getByText('Clear').first().waitFor();
  });
  await judge('flag-experiment', '.flag-experiment');

  await step('a segment is made and used', async () => {
    await visit(page, `${server.url}flags?view=segments`);
    await button('New segment').click();
    await dialog.getByLabel('Name').fill('staff');
    await dialog.getByLabel('Value', { exact: true }).fill('@acme.com');
    await judge('segment-create');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('staff saved.').waitFor();
    await page.getByText('No flag refers to it.').waitFor();
    await judge('segments');
  });

  await step('a document is imported after it was shown what that changes', async () => {
    await visit(page, `${server.url}flags`);
    await button('Import').click();
    await dialog.getByLabel('Or its text').fill(
      JSON.stringify({
        flags: { imported: { state: 'DISABLED', variants: { a: 'x' }, defaultVariant: 'a' } },
      }),
    );
    await button('See what changes').click();
    await dialog.getByText('1 new').waitFor();
    await judge('flags-import');
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByRole('link', { name: 'imported' }).waitFor();
    const { status, type } = await page.getByRole('link', { name: 'Export' }).evaluate(async (a) => {
      const response = await fetch(a.href);
      return { status: response.status, type: response.headers.get('Content-Type') };
    });
    assert.equal(status, 200);
    assert.match(type, /^application\/json/);
  });

  await step('the list is searched, and a change elsewhere shows without a reload', async () => {
    await page.getByRole('searchbox').fill('checkout');
    await page.waitForURL(/q=checkout/);
    await page.getByRole('link', { name: 'imported' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: key }).waitFor();
    await beside({ state: 'DISABLED' });
    await page.locator('.badge', { hasText: 'Off' }).waitFor();
    await page.getByRole('searchbox').fill('');
    await page.getByRole('link', { name: 'imported' }).waitFor();
  });
  await judge('flags');

  await step('by the keyboard alone a rule is moved up', async () => {
    await page.getByRole('link', { name: key }).press('Enter');
    await button('Add a rule').press('Enter');
    await button('Move rule 2 up').press('Enter');
    await page.getByText('Now rule 1.').waitFor();
    await button('Discard changes').press('Enter');
    await button('Move rule 2 up').waitFor({ state: 'detached' });
  });

  await step('it is deleted after asking', async () => {
    await button('Delete').click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Flags', level: 1 }).waitFor();
    await page.getByRole('link', { name: key }).waitFor({ state: 'detached' });
  });

  await person.context.close();
  return [...found, ...person.faults];
}

const interval = (low, high) => ({ low, high });
const readout = {
  flag: key,
  metric: 'orders',
  control: 'off',
  variants: [
    {
      variant: 'on',
      exposures: 4012,
      count: 411,
      sum: 20139,
      mean: 49,
      interval: interval(46.2, 51.8),
      rate: 0.1024,
      rate_interval: interval(0.0934, 0.1122),
      difference: { value: 1.2, interval: interval(-2.1, 4.5), significant: false },
      rate_difference: { value: 0.021, interval: interval(0.0085, 0.0335), significant: true },
    },
    {
      variant: 'off',
      exposures: 3988,
      count: 325,
      sum: 15535,
      mean: 47.8,
      interval: interval(45, 50.6),
      rate: 0.0815,
      rate_interval: interval(0.0734, 0.0904),
    },
  ],
};
