import { fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Toasts } from '../parts/toast';
import { Budgets } from '../screens/ai-budgets';
import { draw } from '../testing/render';
import { problem, serve, type Reply, type Seen } from '../testing/server';
import { readAmount } from './budget-edit';
import type { Budget } from './types';

const team: Budget = {
  name: 'Team',
  scope: 'role',
  subject: 'editor',
  period: 'month',
  tokens: 1_000,
  models: ['openai/*'],
  used: { tokens: 850, micros: 0 },
  by: [],
  from: new Date().toISOString(),
  until: new Date(Date.now() + 86_400_000).toISOString(),
  version: 3,
};
const each: Budget = {
  ...team,
  name: 'Each',
  scope: 'key',
  subject: '*',
  tokens: 0,
  micros: 2_000_000,
  currency: 'USD',
  by: [{ subject: 'k7', tokens: 0, micros: 2_500_000 }],
};
const all = ['dashboard.ai.read', 'dashboard.ai.manage'];
const page = (permissions = all, budgets = [team, each]) => ({
  'GET api/v1/auth/me': () => ({ body: { permissions } }),
  'GET api/v1/auth/me/modules': () => ({ body: { items: [] } }),
  'GET api/v1/ai/budgets': () => ({ body: { items: budgets } }),
  'GET api/v1/ai/access': () => ({
    body: {
      items: [
        { role: 'viewer', models: ['fast'] },
        { role: '*', models: [] },
      ],
    },
  }),
});
const tagged = (body: unknown, tag = '"3"') => ({ body, headers: { ETag: tag } });

async function show(routes: Record<string, (seen: Seen) => Reply>) {
  const seen = serve(routes);
  await draw(
    <>
      <Budgets />
      <Toasts />
    </>,
  );
  await screen.findByRole('heading', { name: 'Models by role' });
  return seen;
}

async function open(label: string) {
  fireEvent.click(await screen.findByRole('button', { name: label }));
  const dialog = within(screen.getByRole('dialog'));
  await dialog.findByRole('button', { name: /^(Save|Remove)$/ });
  return {
    dialog,
    fill: (name: string, value: string) => {
      fireEvent.change(dialog.getByLabelText(name), { target: { value } });
    },
    press: (name: string) => {
      fireEvent.click(dialog.getByRole('button', { name }));
    },
  };
}

it.each([
  ['', 0],
  ['12', 12_000_000],
  [' 0,5 ', 500_000],
  ['0', undefined],
  ['-1', undefined],
  ['1e300', undefined],
  ['much', undefined],
])('the amount %j is read', (text, want) => {
  expect(readAmount(text, 1e6)).toBe(want);
});

describe('budgets', () => {
  it('say what is used, by whom where each has its own, and nothing to change for who may not', async () => {
    await show(page(['dashboard.ai.read']));
    for (const text of ['850 of 1,000 tokens', '85%', '$2.50 of $2.00', 'k7', 'Each API key', 'no model'])
      expect(screen.getByText(text)).toBeTruthy();
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('say when there are none', async () => {
    await show(page(all, []));
    expect(screen.getByText('No budgets')).toBeTruthy();
  });

  it('are made, after what is missing was said and what the server objects to stands at its field', async () => {
    const replies: Reply[] = [
      problem(422, 'invalid', { errors: [{ pointer: '/subject', code: 'subject', detail: 'no such role' }] }),
      tagged(team),
    ];
    const seen = await show({ ...page(), 'PUT api/v1/ai/budgets/New%20one': () => replies.shift() as Reply });
    const { dialog, fill, press } = await open('New budget');
    press('Save');
    expect(dialog.getByText('This is needed.')).toBeTruthy();
    expect(dialog.getByText('A budget needs tokens or money.')).toBeTruthy();
    fill('Name', 'New one');
    fill('For', 'role');
    fill('Whom', 'editor');
    fill('Money at most', '12.5');
    fill('Only these models', 'openai/*\n\n fast ');
    press('Save');
    expect(await dialog.findByText('No such role.')).toBeTruthy();
    expect(dialog.getByLabelText('Whom').getAttribute('aria-invalid')).toBe('true');
    press('Save');
    expect(await screen.findByText('New one saved.')).toBeTruthy();
    const [put] = seen.filter(({ method }) => method === 'PUT');
    expect(put?.headers['If-None-Match']).toBe('*');
    expect(put?.body).toEqual({
      scope: 'role',
      subject: 'editor',
      period: 'month',
      tokens: 0,
      micros: 12_500_000,
      currency: 'USD',
      models: ['openai/*', 'fast'],
    });
  });

  it('that were changed meanwhile say so, and are replaced by the next attempt', async () => {
    const states = [tagged(team), tagged({ ...team, tokens: 7 }, '"4"')];
    const seen = await show({
      ...page(),
      'GET api/v1/ai/budgets/Team': () => states.shift() as Reply,
      'PUT api/v1/ai/budgets/Team': ({ headers }) =>
        headers['If-Match'] === '"4"' ? tagged(team) : problem(412, 'changed-meanwhile'),
    });
    const { dialog, fill, press } = await open('Change the budget Team');
    fill('Tokens at most', '2000');
    press('Save');
    expect(await dialog.findByText(/^Nothing was saved\. Now in force: 7 tokens, month\./)).toBeTruthy();
    press('Save');
    expect(await screen.findByText('Team saved.')).toBeTruthy();
    expect(seen.filter(({ method }) => method === 'PUT')).toHaveLength(2);
  });

  it('are removed on what was seen', async () => {
    const seen = await show({
      ...page(),
      'GET api/v1/ai/budgets/Team': () => tagged(team),
      'DELETE api/v1/ai/budgets/Team': () => ({ status: 204 }),
    });
    (await open('Remove the budget Team')).press('Remove');
    expect(await screen.findByText('Team deleted.')).toBeTruthy();
    expect(seen.find(({ method }) => method === 'DELETE')?.headers['If-Match']).toBe('"3"');
  });
});

describe('the models of a role', () => {
  it('are changed and, where there are some already, not made anew', async () => {
    const seen = await show({
      ...page(),
      'GET api/v1/ai/access/*': () => tagged({ role: '*', models: [] }),
      'PUT api/v1/ai/access/*': () => tagged({ role: '*', models: ['fast'] }),
      'PUT api/v1/ai/access/viewer': () => problem(412, 'changed-meanwhile'),
    });
    const others = await open('Change the models of All other roles');
    others.fill('Models', 'fast');
    others.press('Save');
    expect(await screen.findByText('All other roles saved.')).toBeTruthy();
    expect(seen.find(({ method }) => method === 'PUT')?.body).toEqual({ models: ['fast'] });
    const made = await open('New rule');
    made.fill('Role', 'viewer');
    made.press('Save');
    expect(await made.dialog.findByText('There is one for viewer already.')).toBeTruthy();
  });
});
