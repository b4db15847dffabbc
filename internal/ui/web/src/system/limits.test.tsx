import { fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Limit, RefusedCaller } from '../api/types';
import { Toasts } from '../parts/toast';
import { draw } from '../testing/render';
import { problem, serve, type Reply, type Seen } from '../testing/server';
import { Limits } from './limits';
import { joinPolicy, policyProblem, policyWords, splitPolicy } from './policy';

const caller: Limit = {
  name: 'caller',
  title: 'All requests of one person or API key',
  policy: '100/m burst 20 shadow',
  default: '6000/m burst 1500',
  overrides: [{ key: '2001:db8::/64', policy: '5/s' }],
  keys: ['account', 'api-key'],
};
const exported: Limit = {
  name: 'shop.export',
  title: 'Export',
  module: 'shop',
  policy: '10/h',
  default: '10/h',
  overrides: [],
  keys: [],
};
const refused: RefusedCaller = {
  limit: 'shop.export',
  key: 'user:u2',
  who: 'Grace Hopper',
  count: 1_204,
  first_at: new Date(Date.now() - 60_000).toISOString(),
  last_at: new Date(Date.now() - 30_000).toISOString(),
  until: new Date(Date.now() + 125_000).toISOString(),
};

const page = (permissions: string[], callers: RefusedCaller[] = []) => ({
  'GET api/v1/auth/me': () => ({ body: { permissions } }),
  'GET api/v1/auth/me/modules': () => ({ body: { items: [{ id: 'shop', title: 'Shop' }] } }),
  'GET api/v1/limits': () => ({ body: { items: [caller, exported] } }),
  'GET api/v1/limits/refused': () => ({ body: { items: callers } }),
});
const all = ['dashboard.limits.read', 'dashboard.limits.manage'];
const one = (limit: Limit, tag = '"3"') => ({ body: limit, headers: { ETag: tag } });

async function show(routes: Record<string, (seen: Seen) => Reply>) {
  const seen = serve(routes);
  await draw(
    <>
      <Limits />
      <Toasts />
    </>,
  );
  await screen.findByText('Export');
  return seen;
}

async function edit(label: string, text: string) {
  fireEvent.click(await screen.findByRole('button', { name: label }));
  const dialog = screen.getByRole('dialog');
  const field = await within(dialog).findByLabelText<HTMLInputElement>('How much');
  fireEvent.change(field, { target: { value: text } });
  fireEvent.click(within(dialog).getByRole('button', { name: 'Save' }));
  return { dialog, field };
}

describe('a policy', () => {
  it.each([
    ['100/m', '100 in 1 minute, at most 100 at once'],
    [' 5/15m  burst 20 ', '5 in 15 minutes, at most 20 at once'],
    ['1000/h burst 50 shadow', '1,000 in 1 hour, at most 50 at once'],
    ['1/250ms', '1 in 250 milliseconds, at most 1 at once'],
    ['1000000000/366d', '1,000,000,000 in 366 days, at most 1,000,000,000 at once'],
  ])('%s is said in words', (text, want) => {
    expect(policyProblem(text)).toBe('');
    expect(policyWords(text)).toBe(want);
  });

  it.each([
    '',
    '100',
    '0/m',
    '01/m',
    '5/0m',
    '5/w',
    '5 / m',
    '5/m burst',
    '5/m burst 0',
    '5/m shadow burst 2',
    '-1/s',
  ])('%s is none', (text) => {
    expect(policyProblem(text)).toMatch(/^Write a number/);
    expect(policyWords(text)).toBe('');
  });

  it.each(['1000000001/m', '1/367d', '1/m burst 1000000001'])('%s goes too far', (text) => {
    expect(policyProblem(text)).toMatch(/^Numbers go up to 1,000,000,000/);
  });

  it('is taken apart and put together', () => {
    expect(splitPolicy('5/m burst 2 shadow')).toEqual({ text: '5/m burst 2', shadow: true });
    expect(joinPolicy('5/m', true)).toBe('5/m shadow');
    expect(joinPolicy(' 5/m  shadow', false)).toBe('5/m shadow');
  });
});

describe('the limits', () => {
  it('say what is in force, and where that is not the default', async () => {
    await show(page(['dashboard.limits.read']));
    const [first, second] = within(screen.getByRole('region', { name: 'Rate limits' }))
      .getAllByRole('row')
      .slice(1);
    expect(first?.textContent).toContain('Dashboard');
    for (const text of ['100/m burst 20', 'Counts only', 'Changed', '100 in 1 minute, at most 20 at once'])
      expect(within(first as HTMLElement).getByText(text)).toBeTruthy();
    expect(await within(second as HTMLElement).findByText('Shop')).toBeTruthy();
    expect(within(second as HTMLElement).queryByText('Changed')).toBeNull();
    expect(await screen.findByText('Nobody was refused')).toBeTruthy();
    expect(screen.getByText('2001:db8::/64')).toBeTruthy();
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('are changed on what was seen, with the server’s objection at the field', async () => {
    const replies = [
      problem(422, 'invalid', {
        errors: [{ pointer: '/policy', code: 'policy', detail: 'too many for us' }],
      }),
      one({ ...exported, policy: '20/h shadow' }),
    ];
    const seen = await show({
      ...page(all),
      'GET api/v1/limits/shop.export': () => one(exported),
      'PUT api/v1/limits/shop.export': () => replies.shift() as Reply,
    });
    const { dialog, field } = await edit('Change the limit shop.export', 'often');
    expect(within(dialog).getByText(/^Write a number/)).toBeTruthy();
    expect(document.activeElement).toBe(field);
    fireEvent.change(field, { target: { value: '20/h' } });
    fireEvent.click(within(dialog).getByRole('switch'));
    fireEvent.click(within(dialog).getByRole('button', { name: 'Save' }));
    expect(await within(dialog).findByText('Too many for us.')).toBeTruthy();
    expect(field.getAttribute('aria-invalid')).toBe('true');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('The limit shop.export is now 20/h shadow.')).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
    const puts = seen.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ body }) => body)).toEqual([{ policy: '20/h shadow' }, { policy: '20/h shadow' }]);
    expect(puts[0]?.headers['If-Match']).toBe('"3"');
  });

  it('go back to the default', async () => {
    const seen = await show({
      ...page(all),
      'GET api/v1/limits/caller': () => one(caller),
      'DELETE api/v1/limits/caller': () => one({ ...caller, policy: caller.default }),
    });
    fireEvent.click(await screen.findByRole('button', { name: 'Change the limit caller' }));
    fireEvent.click(await screen.findByRole('button', { name: 'Back to the default' }));
    expect(await screen.findByText('The limit caller is now 6000/m burst 1500.')).toBeTruthy();
    expect(seen.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
  });

  it('that were changed meanwhile say so, and are replaced by the next attempt', async () => {
    const states = [one(exported), one({ ...exported, policy: '7/h' }, '"4"')];
    const seen = await show({
      ...page(all),
      'GET api/v1/limits/shop.export': () => states.shift() as Reply,
      'PUT api/v1/limits/shop.export': ({ headers }) =>
        headers['If-Match'] === '"4"'
          ? one({ ...exported, policy: '20/h' })
          : problem(412, 'changed-meanwhile'),
    });
    const { dialog } = await edit('Change the limit shop.export', '20/h');
    expect(await within(dialog).findByText(/^Nothing was saved\. Now in force: 7\/h\./)).toBeTruthy();
    fireEvent.click(within(dialog).getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('The limit shop.export is now 20/h.')).toBeTruthy();
    expect(seen.filter(({ method }) => method === 'PUT')).toHaveLength(2);
  });

  it('show who is refused, and give a caller one of its own', async () => {
    const seen = await show({
      ...page(all, [refused, { ...refused, key: 'user:u3', who: 'Alan', until: undefined }]),
      'GET api/v1/limits/shop.export': () => one(exported),
      'PUT api/v1/limits/shop.export/keys/user%3Au2': () =>
        one({ ...exported, overrides: [{ key: 'user:u2', policy: '99/h' }] }),
    });
    const row = (await screen.findByText('Grace Hopper')).closest('tr') as HTMLElement;
    for (const text of ['shop.export', '1,204', 'in 2 minutes', 'user:u2'])
      expect(within(row).getByText(text)).toBeTruthy();
    expect(screen.getByText('Waiting does not help')).toBeTruthy();
    await edit('Own limit for Grace Hopper', '99/h');
    expect(await screen.findByText('Grace Hopper now has 99/h.')).toBeTruthy();
    expect(seen.find(({ method }) => method === 'PUT')?.body).toEqual({ policy: '99/h' });
  });

  it('of a caller’s own are taken away after asking', async () => {
    const seen = await show({
      ...page(all),
      'DELETE api/v1/limits/caller/keys/2001%3Adb8%3A%3A%2F64': () => one({ ...caller, overrides: [] }),
    });
    fireEvent.click(await screen.findByRole('button', { name: 'Remove the limit caller of 2001:db8::/64' }));
    fireEvent.click(await screen.findByRole('button', { name: 'Remove' }));
    expect(await screen.findByText('2001:db8::/64 has the limit of all others.')).toBeTruthy();
    expect(seen.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
  });
});
