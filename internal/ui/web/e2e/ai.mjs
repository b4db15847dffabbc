// Models: asked in the playground, stopped and cut off, held to a budget, asked by a template, and what is known of it all.
import assert from 'node:assert/strict';
import { judging } from './axe.mjs';
import { follow, refuse, setUp, visit } from './steps.mjs';

export async function ai({ browser, server, step, shot }) {
  if (!server.real) return [];
  const person = await browser.person();
  const page = await person.context.newPage();
  const { keyboard } = page;
  const { judge, found } = judging(page, { step, shot });
  const api = (path) => `${server.url}api/v1/${path}`;
  const button = (name, within = page) => within.getByRole('button', { name, exact: true });
  const dialog = page.getByRole('dialog');
  const tab = (name, nav = 'Models') =>
    page.getByRole('navigation', { name: nav }).getByRole('link', { name, exact: true }).click();
  const answer = page.getByRole('region', { name: 'Answer' });
  const ask = async (text) => {
    await page.getByLabel('Question').fill(text);
    await keyboard.press('Control+Enter');
  };
  await setUp(page, server);

  await step('without a provider the screens say what configures one', async () => {
    const none = { items: [], routers: [], fallbacks: 0, dropped: 0 };
    none.cache = { hits: 0, misses: 0, shared: 0, semantic: 0 };
    const lists = [api('ai/providers'), api('ai/models')];
    for (const list of lists) await page.route(list, (route) => route.fulfill({ json: none }));
    await follow(page, 'Models');
    await page.getByRole('heading', { name: 'No provider of models is configured' }).waitFor();
    await page.getByText('OPENAI_API_KEY').waitFor();
    for (const list of lists) await page.unroute(list);
  });
  await judge('ai-none');

  await step('a question is asked by keyboard alone, and its answer rated', async () => {
    await visit(page, `${server.url}ai/try`);
    await button('Send').focus();
    await keyboard.press('Enter');
    const question = page.getByLabel('Question').and(page.locator('[aria-invalid=true]'));
    await question.waitFor();
    assert.ok(await question.evaluate((field) => field === document.activeElement));
    await keyboard.type('What is there?');
    await keyboard.press('Control+Enter');
    await page.getByText('The answer is complete.').waitFor({ state: 'attached' });
    assert.equal(await answer.locator('.ai-text').innerText(), 'This is the whole answer.');
    await page.getByText(/^openai\/fake-1 · 1,200 \+ 34 tokens · /).waitFor();
    await button('Good answer').focus();
    await keyboard.press('Enter');
    await page.getByText('Noted. Thank you.').waitFor();
    await page.getByLabel('What was good or bad about it?').fill('It is short.');
    await keyboard.press('Enter');
    await page.locator('[aria-disabled=true]').first().waitFor({ state: 'detached' });
  });
  await judge('ai-try');

  await step('an answer is stopped, and one that breaks off keeps its pieces and says so', async () => {
    await ask('Be slow');
    await answer.getByText('It goes on and on').waitFor();
    await button('Stop').click();
    await page.getByText('Stopped. What had come stays.').waitFor();
    assert.match(await answer.locator('.ai-text').innerText(), /^This will take a while/);
    await ask('Be cut');
    await page.getByRole('alert').getByText('The answer broke off').waitFor();
    assert.equal(await answer.locator('.ai-text').innerText(), 'Half of what I know');
  });
  await judge('ai-try-broken', 'main');

  await step('a budget is made, changed by somebody else meanwhile, and met', async () => {
    await tab('Budgets and access');
    await page.getByText('No budgets').waitFor();
    await button('New budget').click();
    await dialog.getByLabel('Name').fill('Company');
    await button('Save', dialog).click();
    await dialog.getByText('A budget needs tokens or money.').waitFor();
  });
  await judge('ai-budget-edit');
  await step('what is used of it is shown, and what others changed is told', async () => {
    await dialog.getByLabel('Tokens at most').fill('1000000');
    await keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText(/ of 1,000,000 tokens/).waitFor();
    await button('Change the budget Company').click();
    await dialog.getByLabel('Tokens at most').fill('1');
    const stop = await refuse(page, api('ai/budgets/Company'), 412, {
      method: 'PUT',
      slug: 'changed-meanwhile',
    });
    await button('Save', dialog).click();
    await dialog.getByText('Now in force: 1,000,000 tokens, month.').waitFor();
    await stop();
    await button('Save', dialog).click();
    await dialog.waitFor({ state: 'detached' });
    await button('New rule').click();
    await dialog.getByLabel('Role').fill('viewer');
    await dialog.getByLabel('Models').fill('openai/fake-1');
    await button('Save', dialog).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('[data-role=viewer]').getByText('openai/fake-1').waitFor();
  });
  await judge('ai-budgets');
  await step('who has used it up is told, and may ask again without it', async () => {
    await tab('Playground');
    await ask('More');
    await page.getByRole('alert').getByText('The model did not answer').waitFor();
    await tab('Budgets and access');
    await button('Remove the budget Company').click();
    await button('Remove', dialog).click();
    await page.getByText('No budgets').waitFor();
  });

  await step(
    'a prompt is made, its variables are found while typing, and its versions compared',
    async () => {
      await tab('Prompts');
      await page.getByText('No prompts').waitFor();
      await button('New prompt').click();
      await dialog.getByLabel('Name').fill('summary');
      await dialog.getByLabel('First message').fill('Sum up {{text}}');
      await button('Create', dialog).click();
      await page.getByRole('heading', { name: 'summary', level: 1 }).waitFor();
      await button('Add a message').click();
      await page.getByLabel('Message 2', { exact: true }).fill('In {{language');
      await page.getByText('{{language is no variable').waitFor();
      await page.getByLabel('Message 2', { exact: true }).fill('In {{language}}');
      await page.getByText('text, language').waitFor();
    },
  );
  await judge('ai-prompt');
  await step('it is saved after a look at the difference, tried, and rolled back', async () => {
    await button('Review and save').click();
    await dialog.locator('ins', { hasText: 'In {{language}}' }).waitFor();
    await button('Save', dialog).click();
    await dialog.waitFor({ state: 'detached' });
    await tab('Try it', 'summary');
    await page.getByLabel('text', { exact: true }).fill('what is known');
    await page.getByLabel('language', { exact: true }).fill('English');
    await button('Send').click();
    await answer.getByText('This is the whole answer.').waitFor();
    await button('Good answer').waitFor();
    await tab('Versions', 'summary');
    await button('Restore version 1').click();
    await button('Restore', dialog).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Version 3', { exact: true }).waitFor();
    await page.getByText('What changed').first().click();
  });
  await judge('ai-prompt-versions', 'main');

  await step('requests are listed with how they ended, and filtered by the server', async () => {
    await visit(page, `${server.url}ai/requests`);
    const rows = page.getByRole('region', { name: 'Requests' }).locator('tbody tr');
    await rows.first().waitFor();
    const all = await rows.count();
    assert.ok(all >= 4);
    await page.goto(`${server.url}ai/requests?filter=${encodeURIComponent('prompt = "summary@2"')}`);
    await page.getByText('Page 1, 1 row').waitFor();
    await rows.getByText('Answered').waitFor();
  });
  await judge('ai-requests', 'main');

  await step('feedback is listed and handed on', async () => {
    await tab('Feedback');
    await page.getByText('It is short.').waitFor();
    const href = await page.getByRole('link', { name: 'Export as JSONL' }).getAttribute('href');
    const lines = await page.evaluate(
      async (url) => (await (await fetch(url)).text()).trim().split('\n'),
      href,
    );
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ thumb, comment }) => [thumb, comment]),
      [['up', 'It is short.']],
    );
  });
  await judge('ai-feedback', 'main');

  await step('the gateway shows its provider, and what was used by whom', async () => {
    await tab('Gateway');
    await page.locator('[data-provider=openai]').waitFor();
    await page.getByLabel('By', { exact: true }).selectOption('user');
    await page.getByRole('region', { name: 'Usage: User' }).getByText('Ada Lovelace').waitFor();
    await page.getByLabel('30 days').click();
    await page.waitForURL(/by=user/);
    await page.waitForURL(/range=30d/);
    await page.locator('.uplot').nth(1).waitFor();
  });
  await judge('ai-gateway');

  await person.context.close();
  return [...found, ...person.faults];
}
