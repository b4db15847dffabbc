import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { Role } from '../access/patterns';
import { draw } from '../testing/render';
import { serve, type Reply } from '../testing/server';
import { CreateRole } from './roles-create';
import { RoleMatrix } from './roles-matrix';
import { RoleEditor } from './roles-one';

const permissions = [
  { id: 'dashboard.users.manage', title: 'Create and change accounts and roles', module: 'dashboard' },
  { id: 'shop.customers.read', title: 'See customers', module: 'shop' },
  { id: 'shop.customers.manage', title: 'Change customers', module: 'shop' },
  { id: 'shop.invoices.refund', title: 'Refund invoices', module: 'shop' },
];

function role(name: string, patterns: string[], inherits: string[] = [], more: Partial<Role> = {}): Role {
  return { name, title: name, permissions: patterns, inherits, built_in: false, ...more };
}

const roles = [
  role('owner', ['*'], [], { built_in: true }),
  role('viewer', ['*.*.read'], [], { built_in: true }),
  role('support', ['shop.customers.manage', 'gone.thing.do'], ['viewer']),
  role('lead', ['dashboard.users.manage', 'shop.customers.*', 'gone.*'], ['viewer']),
];

function served(mine: string[], more: Record<string, () => Reply> = {}) {
  return serve({
    'GET api/v1/auth/me': () => ({ body: { id: 'u1', roles: mine, permissions: [] } }),
    'GET api/v1/auth/me/modules': () => ({
      body: { items: [{ id: 'shop', title: 'Web shop', panels: [] }] },
    }),
    'GET api/v1/roles?limit=200': () => ({ body: { items: roles } }),
    ...more,
  });
}

async function editor(name: string, mine: string[], more: Record<string, () => Reply> = {}) {
  const seen = served(mine, more);
  const item = roles.find((one) => one.name === name) ?? role(name, []);
  await draw(<RoleEditor latest={{ item, etag: '"3"' }} roles={roles} permissions={permissions} mayManage />);
  // The rights of the reader come with the roles.
  await waitFor(() => {
    expect(seen.some((one) => one.path.startsWith('api/v1/roles'))).toBe(true);
  });
  return seen;
}

const box = (name: RegExp) => screen.findByRole('checkbox', { name });

describe('the editor of a role', () => {
  it('shows where each permission comes from', async () => {
    await editor('support', ['owner']);
    const shop = await screen.findByRole('group', { name: 'Web shop 2 of 3' });
    const read = within(shop).getByRole('checkbox', { name: /^See customers/ });
    expect([read.getAttribute('disabled'), (read as HTMLInputElement).checked]).toEqual(['', true]);
    expect(read.closest('label')?.textContent).toContain('from Viewer');
    const change = within(shop).getByRole('checkbox', { name: /^Change customers/ });
    await waitFor(() => {
      expect([change.getAttribute('disabled'), (change as HTMLInputElement).checked]).toEqual([null, true]);
    });
    expect(screen.getByRole('group', { name: 'Unknown here 1 of 1' })).toBeTruthy();
  });

  it('adds, takes away and says so before it saves', async () => {
    const seen = await editor('support', ['owner'], {
      'PATCH api/v1/roles/support': () => ({ body: roles[2], headers: { ETag: '"4"' } }),
    });
    const refund = await box(/^Refund invoices/);
    await waitFor(() => {
      expect(refund).toHaveProperty('disabled', false);
    });
    fireEvent.click(refund);
    fireEvent.click(await box(/^Change customers/));
    fireEvent.change(screen.getByLabelText('Wildcard to add'), { target: { value: 'dashboard.*' } });
    fireEvent.click(screen.getByRole('button', { name: 'Add' }));
    const manage = await box(/^Create and change accounts/);
    expect(manage.closest('label')?.textContent).toContain('by dashboard.*');
    fireEvent.click(screen.getByRole('button', { name: 'Review and save' }));
    const dialog = await screen.findByRole('dialog');
    const lines = within(dialog).getAllByRole('listitem');
    expect(lines.map((line) => line.textContent)).toEqual([
      '+ Added: Refund invoices shop.invoices.refund',
      '+ Added: dashboard.* ',
      '− Removed: Change customers shop.customers.manage',
    ]);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(seen.find((one) => one.method === 'PATCH')).toMatchObject({
        headers: { 'If-Match': '"3"' },
        body: { permissions: ['gone.thing.do', 'shop.invoices.refund', 'dashboard.*'] },
      });
    });
  });

  it('disables what the reader does not hold, with the reason', async () => {
    await editor('support', ['lead']);
    const change = await box(/^Change customers/);
    await waitFor(() => {
      expect(change).toHaveProperty('disabled', false);
    });
    const refund = await box(/^Refund invoices/);
    expect(refund).toHaveProperty('disabled', true);
    expect(refund.closest('label')?.textContent).toContain('You do not hold this permission.');
    expect((await box(/^Owner/)).closest('label')?.textContent).toContain('Gives *, which you do not hold.');
    const all = screen.getByRole('option', { name: 'Everything: you do not hold it' });
    expect(all).toHaveProperty('disabled', true);
  });

  it('leaves alone what is built in or beyond the reader', async () => {
    await editor('owner', ['lead']);
    expect(await screen.findByText(/part of the program/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Review and save' })).toBeNull();
  });
});

it('the matrix says how each role comes to each permission', async () => {
  served(['owner']);
  await draw(<RoleMatrix roles={roles} permissions={permissions} />);
  const row = (await screen.findByRole('rowheader', { name: 'Change customers' })).closest('tr');
  expect([...(row?.querySelectorAll('td') ?? [])].map((cell) => cell.className)).toEqual([
    'wildcard',
    'none',
    'own',
    'wildcard',
  ]);
  expect(await screen.findByRole('rowheader', { name: 'Web shop' })).toBeTruthy();
});

it('a new role gets a name from its title', async () => {
  const made = vi.fn();
  const seen = served(['owner'], { 'POST api/v1/roles': () => ({ status: 201, body: {} }) });
  await draw(<CreateRole onClose={vi.fn()} onCreated={made} />);
  fireEvent.change(screen.getByLabelText('Title'), { target: { value: '2. Night Shift Ä' } });
  expect(screen.getByLabelText('Name')).toHaveProperty('value', 'night-shift-a');
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'Night!' } });
  fireEvent.click(screen.getByRole('button', { name: 'Create' }));
  expect(await screen.findByText(/beginning with a letter/)).toBeTruthy();
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'night' } });
  fireEvent.click(screen.getByRole('button', { name: 'Create' }));
  await waitFor(() => {
    expect(made).toHaveBeenCalledWith('night');
  });
  expect(seen.find((one) => one.method === 'POST')?.body).toEqual({
    name: 'night',
    title: '2. Night Shift Ä',
    permissions: [],
    inherits: [],
  });
});
