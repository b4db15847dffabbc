import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { draw } from '../testing/render';
import { serve, type Reply } from '../testing/server';
import { Keys } from './keys';

const day = 86_400_000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();
const nightly = {
  id: 'k1',
  name: 'Nightly',
  prefix: 'dsh_abc',
  permissions: ['shop.customers.read'],
  created_at: at(-day),
  expires_at: at(-day / 2),
  owner: { id: 'u2', name: 'Grace', email: 'grace@example.com' },
};

async function keys(permissions: string[], more: Record<string, (seen: { body: unknown }) => Reply> = {}) {
  const seen = serve({
    'GET api/v1/auth/me': () => ({ body: { id: 'u1', roles: [], permissions } }),
    'GET api/v1/auth/me/modules': () => ({ body: { items: [] } }),
    'GET api/v1/api-keys?owner=me': () => ({ body: { items: [nightly] } }),
    'GET api/v1/api-keys?owner=all': () => ({
      body: { items: [nightly, { ...nightly, id: 'k2', name: 'Other' }] },
    }),
    ...more,
  });
  await draw(<Keys />);
  await screen.findByText('Nightly');
  return seen;
}

it('a key is made of own permissions and shown this once', async () => {
  const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  const seen = await keys(['shop.customers.read', 'shop.customers.manage'], {
    'POST api/v1/api-keys': () => ({ status: 201, body: { id: 'k9', key: 'dsh_secret_1' } }),
  });
  fireEvent.click(screen.getByRole('button', { name: 'New key' }));
  const create = await screen.findByRole('button', { name: 'Create key' });
  fireEvent.click(create);
  expect(await screen.findByText('Choose at least one permission.')).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText('Name'));
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'Import' } });
  fireEvent.click(screen.getByRole('button', { name: 'All of Shop' }));
  fireEvent.click(screen.getByRole('checkbox', { name: 'shop.customers.manage' }));
  fireEvent.change(screen.getByLabelText('Expires'), { target: { value: '30' } });
  fireEvent.click(create);
  const made = await screen.findByRole('dialog', { name: 'Key Import created' });
  expect(within(made).getByLabelText('The key')).toHaveProperty('value', 'dsh_secret_1');
  fireEvent.click(within(made).getByRole('button', { name: 'Copy' }));
  expect(await within(made).findByText('Copied.')).toBeTruthy();
  expect(write).toHaveBeenCalledWith('dsh_secret_1');
  const body = seen.find((one) => one.method === 'POST')?.body as { expires_at: string };
  expect(body).toMatchObject({ name: 'Import', permissions: ['shop.customers.read'] });
  expect(Math.round((Date.parse(body.expires_at) - Date.now()) / day)).toBe(30);
  fireEvent.click(within(made).getByRole('button', { name: 'I have stored it' }));
  await waitFor(() => {
    expect(screen.queryByDisplayValue('dsh_secret_1')).toBeNull();
  });
});

it('a key that never expires says what that means and sends no date', async () => {
  const seen = await keys(['a.b.read'], {
    'POST api/v1/api-keys': () => ({ status: 201, body: { id: 'k9', key: 'dsh_x' } }),
  });
  fireEvent.click(screen.getByRole('button', { name: 'New key' }));
  fireEvent.change(await screen.findByLabelText('Name'), { target: { value: 'x' } });
  fireEvent.change(screen.getByLabelText('Expires'), { target: { value: 'never' } });
  expect(screen.getByText(/works until somebody revokes it/)).toBeTruthy();
  fireEvent.click(screen.getByRole('checkbox', { name: 'a.b.read' }));
  fireEvent.click(screen.getByRole('button', { name: 'Create key' }));
  await screen.findByLabelText('The key');
  expect(seen.find((one) => one.method === 'POST')?.body).toEqual({ name: 'x', permissions: ['a.b.read'] });
});

it('a key is revoked after asking', async () => {
  const seen = await keys([], { 'DELETE api/v1/api-keys/k1': () => ({ status: 204 }) });
  expect(screen.getByText('Expired')).toBeTruthy();
  expect(screen.queryByRole('radio')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Revoke Nightly' }));
  const dialog = await screen.findByRole('dialog', { name: 'Revoke Nightly?' });
  fireEvent.click(within(dialog).getByRole('button', { name: 'Revoke' }));
  await waitFor(() => {
    expect(screen.queryByRole('dialog')).toBeNull();
  });
  expect(seen.filter((one) => one.method === 'DELETE')).toHaveLength(1);
});

it("who manages accounts sees everybody's keys with their owners", async () => {
  await keys(['dashboard.users.manage']);
  fireEvent.click(await screen.findByRole('radio', { name: 'Everybody’s' }));
  await screen.findByText('Other');
  expect(screen.getAllByText(/Grace/)).toHaveLength(2);
});
