import { fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { CreateUser } from './users-create';
import { SetPassword, UserBody, UserState, type UserItem } from './users-one';

const roles = [
  { name: 'owner', title: 'Owner', permissions: ['*'], inherits: [], built_in: true },
  { name: 'viewer', title: 'Viewer', permissions: ['*.*.read'], inherits: [], built_in: true },
  {
    name: 'admin',
    title: '',
    permissions: ['dashboard.users.manage'],
    inherits: ['viewer'],
    built_in: false,
  },
];

function served(more: Record<string, () => Reply> = {}, mine = ['admin']) {
  return serve({
    'GET api/v1/auth/me': () => ({ body: { id: 'u1', roles: mine, permissions: [] } }),
    'GET api/v1/roles?limit=200': () => ({ body: { items: roles } }),
    ...more,
  });
}

function latest(more: Partial<UserItem> = {}) {
  const item: UserItem = {
    id: 'u2',
    email: 'grace@example.com',
    name: 'Grace',
    roles: ['viewer'],
    disabled: false,
    ...more,
  };
  return { item, etag: '"7"' };
}

describe('an account', () => {
  it('gets roles after the difference was seen', async () => {
    const seen = served({
      'PATCH api/v1/users/u2': () => ({ body: latest().item, headers: { ETag: '"8"' } }),
    });
    await draw(<UserBody latest={latest()} editable />);
    fireEvent.click(await screen.findByRole('checkbox', { name: /^admin/ }));
    fireEvent.click(screen.getByRole('button', { name: 'Review and save' }));
    expect((await screen.findByRole('dialog')).textContent).toMatch(/Roles.*Viewer.*Viewer, admin/);
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(seen.find((one) => one.method === 'PATCH')).toMatchObject({
        headers: { 'If-Match': '"7"' },
        body: { roles: ['viewer', 'admin'] },
      });
    });
  });

  it('gets no role that gives what one does not hold, and says which', async () => {
    served();
    await draw(<UserBody latest={latest()} editable />);
    const owner = await screen.findByRole('checkbox', { name: /^Owner/ });
    expect(owner).toHaveProperty('disabled', true);
    expect(owner.closest('label')?.textContent).toContain('Gives *, which you do not hold.');
    expect(screen.getByRole('checkbox', { name: /^Viewer/ })).toHaveProperty('disabled', false);
  });

  it('with more rights than one has oneself cannot be changed', async () => {
    served();
    await draw(<UserBody latest={latest({ roles: ['owner'] })} editable />);
    expect(await screen.findByText(/has the permission \*, which you do not hold/)).toBeTruthy();
    expect(screen.queryByRole('checkbox')).toBeNull();
  });

  it('can be disabled after asking', async () => {
    const seen = served({ 'PATCH api/v1/users/u2': () => ({ body: latest({ disabled: true }).item }) });
    await draw(<UserState latest={latest()} />);
    fireEvent.click(screen.getByRole('button', { name: 'Disable' }));
    const dialog = await screen.findByRole('dialog', { name: 'Disable grace@example.com?' });
    const [button] = [...dialog.querySelectorAll('button')].filter((one) => one.textContent === 'Disable');
    if (button) fireEvent.click(button);
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(seen.find((one) => one.method === 'PATCH')).toMatchObject({
      headers: { 'If-Match': '"7"' },
      body: { disabled: true },
    });
  });
});

describe('the password of an account', () => {
  it('is set, and a weak one refused at its field', async () => {
    let weak = true;
    const seen = served({
      'PUT api/v1/users/u2/password': () =>
        weak
          ? problem(422, 'invalid-input', {
              errors: [{ pointer: '/password', code: 'common', detail: 'is easy to guess' }],
            })
          : { status: 204 },
    });
    await draw(<SetPassword latest={latest()} />);
    fireEvent.click(screen.getByRole('button', { name: 'Set password' }));
    const field = await screen.findByLabelText('New password');
    expect(screen.queryByLabelText('Present password')).toBeNull();
    fireEvent.change(field, { target: { value: 'another 9 long password' } });
    fireEvent.submit(field);
    expect(await screen.findByText('Is easy to guess.')).toBeTruthy();
    weak = false;
    fireEvent.submit(field);
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(seen.filter((one) => one.method === 'PUT').at(-1)?.body).toEqual({
      password: 'another 9 long password',
    });
  });
});

describe('a new account', () => {
  it('is refused where it is wrong, and made with its roles', async () => {
    const made = vi.fn();
    const answers: Reply[] = [
      problem(422, 'invalid-input', {
        errors: [{ pointer: '/email', code: 'email', detail: 'must be an email address' }],
      }),
      problem(409, 'email-taken', { detail: 'Another account has this e-mail address.' }),
      { status: 201, body: { id: 'u9', email: 'eve@example.com' } },
    ];
    const seen = served({ 'POST api/v1/users': () => answers.shift() ?? { status: 500 } });
    await draw(<CreateUser onClose={vi.fn()} onCreated={made} />);
    const create = screen.getByRole('button', { name: 'Create' });
    const email = screen.getByLabelText('Email');
    fireEvent.click(create);
    expect(await screen.findByText('This is needed.')).toBeTruthy();
    fireEvent.change(email, { target: { value: 'eve' } });
    fireEvent.click(create);
    expect(await screen.findByText('Must be an email address.')).toBeTruthy();
    expect(document.activeElement).toBe(email);
    fireEvent.change(email, { target: { value: 'eve@example.com' } });
    fireEvent.click(await screen.findByRole('checkbox', { name: /^Viewer/ }));
    fireEvent.click(create);
    expect(await screen.findByText('Another account has this e-mail address.')).toBeTruthy();
    fireEvent.click(create);
    await waitFor(() => {
      expect(made).toHaveBeenCalledWith('u9');
    });
    expect(seen.findLast((one) => one.method === 'POST')?.body).toEqual({
      email: 'eve@example.com',
      name: '',
      password: '',
      roles: ['viewer'],
    });
  });
});
