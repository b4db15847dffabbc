// The assistant: an answer in Markdown, tools, a yes and a no, stop, a stream that breaks off, and its list.
import assert from 'node:assert/strict';
import { judging } from './axe.mjs';
import { answer, setUp } from './steps.mjs';

export async function assistant({ browser, server, step, shot }) {
  if (!server.real) return [];
  const person = await browser.person();
  const page = await person.context.newPage();
  const { judge, found } = judging(page, { step, shot });
  const button = (name) => page.getByRole('button', { name, exact: true });
  const message = page.getByLabel('Message', { exact: true });
  const last = page.locator('.asst-model').last();
  const say = async (text) => {
    await message.fill(text);
    await message.press('Enter');
  };
  const focused = (locator) => locator.evaluate((node) => node === document.activeElement);
  const guests = () =>
    page.evaluate(
      async (url) => (await (await fetch(url)).json()).items.map((entry) => entry.name),
      `${server.url}api/v1/m/hello/entries`,
    );
  await setUp(page, server);

  await step('it says what it can do', async () => {
    await page.goto(`${server.url}m/assistant`);
    await page.getByText(/It can look things up with \d+ tools/).waitFor();
    assert.deepEqual(
      await page.locator('#asst-models option').evaluateAll((all) => all.map((one) => one.value)),
      ['openai/fake-1', 'openai/fake-2'],
    );
  });
  await judge('assistant-empty');

  await step('no model, no message', async () => {
    await say('Hello');
    assert.ok(await focused(page.getByLabel('Model', { exact: true })));
    assert.equal(await message.inputValue(), 'Hello');
  });

  await step('an answer in Markdown is drawn as nodes', async () => {
    await page.getByLabel('Model', { exact: true }).fill('openai/fake-1');
    await message.fill('Some');
    await message.press('Shift+Enter');
    await message.pressSequentially('markdown, please');
    assert.equal(await message.inputValue(), 'Some\nmarkdown, please');
    await message.press('Enter');
    await button('Good answer').waitFor();
    await last.getByRole('heading', { name: 'Two guests', level: 3 }).waitFor();
    assert.equal(await last.getByRole('cell').count(), 4);
    assert.equal(await last.locator('ol > li').count(), 2);
    assert.equal(await last.locator('ol ul > li').count(), 1);
    assert.equal(await last.locator('pre code').innerText(), "const greeting = '<b>Hello</b>';");
    const links = await last.locator('a').evaluateAll((all) => all.map((a) => [a.href, a.rel, a.target]));
    assert.deepEqual(links, [['https://example.com/book', 'noopener noreferrer nofollow', '_blank']]);
    assert.equal(await last.locator('script, img, b').count(), 0);
    await last.getByText('openai/fake-1 · 1,200 tokens in, 34 out').waitFor();
    assert.ok(await focused(message));
    const heard = await page.locator('.asst-live p').allInnerTexts();
    assert.ok(heard.includes('Two guests') && heard.every((text) => !/[*#`]/.test(text)), heard.join('\n'));
  });
  await judge('assistant-answer');

  await step('a thumb and a comment', async () => {
    const told = () => page.waitForResponse((response) => response.url().endsWith('/api/v1/ai/feedback'));
    let response = told();
    await button('Bad answer').click();
    assert.ok((await response).ok());
    await page.locator('[aria-pressed=true][aria-label="Bad answer"]').waitFor();
    await page.getByLabel('What was good or bad about it?').fill('There are three.');
    response = told();
    await button('Send comment').click();
    assert.ok((await response).ok());
    await page.getByText('Thank you.', { exact: true }).waitFor();
  });

  await step('a tool that reads is called at once', async () => {
    await say('How many guests are there?');
    await last.getByText('The last entries (200)').click();
    await last.getByText('"items": []').waitFor();
    await last.getByText('That is done.').waitFor();
  });

  const card = page.getByRole('region', { name: 'May the assistant do this?' });
  await step('what writes waits for a yes', async () => {
    await button('Good answer').last().waitFor();
    await say('Please sign for me');
    await card.getByText('POST hello/entries').waitFor();
    assert.equal(
      await card.getByLabel('Arguments').innerText(),
      '{\n  "body": {\n    "name": "Grace Hopper"\n  }\n}',
    );
    assert.deepEqual(await guests(), []);
    assert.ok(await focused(card));
  });
  await judge('assistant-confirm');

  await step('it still waits after a reload, and a no does nothing', async () => {
    await page.reload();
    await card.waitFor();
    await card.getByRole('button', { name: 'No', exact: true }).click();
    await last.getByText('Write an entry: not done').waitFor();
    await last.getByText('That is done.').waitFor();
    assert.deepEqual(await guests(), []);
  });

  await step('a yes does it once', async () => {
    await button('Good answer').last().waitFor();
    await say('Sign after all');
    await card.getByRole('button', { name: 'Yes, do it' }).click();
    await last.getByText('Write an entry (201)').waitFor();
    await last.getByText('That is done.').waitFor();
    assert.deepEqual(await guests(), ['Grace Hopper']);
    await button('Good answer').last().waitFor();
  });
  await judge('assistant-tools');

  await step('Escape stops, what came stays, and it can be asked for again', async () => {
    await say('Something slow');
    await last.getByText('It goes on and on').waitFor();
    await button('Stop').waitFor();
    await message.press('Escape');
    await last.getByText('Stopped. What came is kept.').waitFor();
    await last.getByText('It goes on and on').waitFor();
    assert.ok(await focused(message));
    await last.getByRole('button', { name: 'Try again' }).click();
    await last.getByText('This is the whole answer.').waitFor();
    await button('Good answer').last().waitFor();
    assert.equal(await page.locator('.asst-log').getByText('It goes on and on').count(), 0);
  });

  await step('a stream that breaks off says so, and keeps what came', async () => {
    await say('Something cut');
    await last.getByText('Half of what I know').waitFor();
    await last.getByText(/The answer broke off: .* What came is kept\./).waitFor();
    await shot(page, 'broken');
    await last.getByRole('button', { name: 'Try again' }).click();
    await last.getByText('This is the whole answer.').waitFor();
    await button('Good answer').last().waitFor();
  });

  await step('a server that is gone says so, and nothing is lost', async () => {
    const route = (route) => route.abort();
    await page.route('**/m/assistant/chat', route);
    await say('Are you there?');
    await last.getByText('The server cannot be reached.').waitFor();
    assert.equal(await message.inputValue(), 'Are you there?');
    await page.unroute('**/m/assistant/chat', route);
  });

  await step('conversations are listed, renamed and deleted', async () => {
    const list = page.getByRole('navigation', { name: 'Conversations' });
    await button('New conversation').click();
    await say('Another one');
    await last.getByText('This is the whole answer.').waitFor();
    await list.getByRole('button', { name: 'Another one' }).and(page.locator('[aria-current]')).waitFor();
    await button('Rename').click();
    await page.getByRole('dialog').getByRole('textbox').fill('A better name');
    await button('Save').click();
    await page.getByRole('heading', { name: 'A better name', level: 2 }).waitFor();
    await button('Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await list.getByRole('button', { name: 'A better name' }).waitFor({ state: 'detached' });
    await list.getByRole('button', { name: 'Some markdown, please' }).click();
    await page.getByRole('heading', { name: 'Two guests', level: 3 }).waitFor();
    assert.equal(await page.locator('.asst-person').count(), 6);
  });

  await step('without a provider it says so', async () => {
    const status = {
      ready: false,
      problem: 'No provider of models is configured.',
      model: '',
      models: [],
      tools: 3,
      left_out: 0,
      keep: true,
      feedback: true,
    };
    await answer(page, '**/api/v1/m/assistant/status', status);
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    await page.getByRole('heading', { name: 'The assistant cannot answer yet' }).waitFor();
    await page.getByText('No provider of models is configured.').waitFor();
    assert.equal(await message.count(), 0);
  });
  await judge('assistant-without-provider');

  const german = await browser.person({ locale: 'de-DE' });
  await step('it speaks German', async () => {
    await german.context.addCookies(await person.context.cookies());
    const page = await german.context.newPage();
    await page.goto(`${server.url}m/assistant`);
    await page.getByRole('button', { name: 'Neue Unterhaltung' }).waitFor();
    await page.getByText(/Er kann mit \d+ Werkzeugen nachsehen/).waitFor();
    await shot(page, 'german');
  });

  return [...person.faults, ...german.faults, ...found];
}
