import { fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import { locale, setLocale } from '../locale';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { theme } from '../theme';
import { Account } from './account';

const me = { id: 'u1', email: 'ada@example.com', name: 'Ada', roles: ['owner'], permissions: [] };

async function start(patch: (name: string) => Reply = (name) => ({ body: { ...me, name } })) {
  const seen = serve({
    'GET api/v1/auth/me': () => ({ body: me }),
    'PATCH api/v1/auth/me': ({ body }) => patch((body as { name: string }).name),
  });
  await draw(<Account />);
  const field = await screen.findByLabelText<HTMLInputElement>('Name');
  const patches = () => seen.filter((request) => request.method === 'PATCH');
  return { field, patches, user: userEvent.setup() };
}

afterEach(async () => {
  await setLocale('en');
  document.cookie = 'dashboard-locale=; max-age=0; path=/';
});

describe('the name', () => {
  it('is saved without the space around it, and not when it is the same', async () => {
    const { field, patches, user } = await start();
    fireEvent.submit(field);
    expect(patches()).toEqual([]);
    await user.clear(field);
    await user.type(field, '  Ada Lovelace {Enter}');
    await waitFor(() => {
      expect(field.value).toBe('Ada Lovelace');
    });
    expect(patches().map((request) => request.body)).toEqual([{ name: 'Ada Lovelace' }]);
  });

  it('that the server refuses keeps what was typed and says why at the field', async () => {
    const { field, user } = await start(() =>
      problem(422, 'invalid', { errors: [{ pointer: '/name', code: 'max', detail: 'must be shorter' }] }),
    );
    await user.type(field, '!{Enter}');
    expect(await screen.findByText('Must be shorter.')).toBeTruthy();
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(field.value).toBe('Ada!');
    await user.type(field, '?');
    expect(field.getAttribute('aria-invalid')).toBeNull();
  });

  it('that is not saved for another reason says so', async () => {
    const { field, user } = await start(() => problem(403, 'forbidden'));
    await user.type(field, '!{Enter}');
    expect(await screen.findByText('You may not do this')).toBeTruthy();
  });
});

describe('the look', () => {
  it('is chosen and remembered', async () => {
    const { user } = await start();
    await user.click(screen.getByLabelText('Dark'));
    expect(theme.get()).toBe('dark');
    expect(document.documentElement.dataset['theme']).toBe('dark');
    expect(document.cookie).toContain('dashboard-theme=dark');
    await user.click(screen.getByLabelText('Auto'));
  });

  it('has a language, which is remembered and named in the document', async () => {
    const { user } = await start();
    await user.click(screen.getByLabelText('Deutsch'));
    await waitFor(() => {
      expect(locale.get()).toBe('de');
    });
    expect(document.documentElement.lang).toBe('de');
    expect(document.cookie).toContain('dashboard-locale=de');
    await draw(<Account />);
    expect((await screen.findAllByText('Farbschema')).length).toBeGreaterThan(0);
  });
});

describe('the password', () => {
  it('is changed with the one until now, which a wrong guess is told at its field', async () => {
    const seen = serve({
      'GET api/v1/auth/me': () => ({ body: me }),
      'POST api/v1/auth/password': ({ body }) =>
        (body as { present: string }).present === 'right'
          ? { body: { user: me, expires_in: 300 } }
          : problem(422, 'invalid-input', {
              errors: [
                {
                  pointer: '/present',
                  code: 'wrong',
                  detail: 'is not your password',
                  params: { of: 'password' },
                },
              ],
            }),
    });
    const user = userEvent.setup();
    await draw(<Account />);
    await user.click(await screen.findByRole('button', { name: 'Change password' }));
    const present = await screen.findByLabelText<HTMLInputElement>('Present password');
    await user.type(present, 'wrong');
    await user.type(screen.getByLabelText('New password'), 'another 9 long password{Enter}');
    expect(await screen.findByText('This is not your password.')).toBeTruthy();
    expect(document.activeElement).toBe(present);
    await user.clear(present);
    await user.type(present, 'right{Enter}');
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(seen.filter((one) => one.method === 'POST').at(-1)?.body).toEqual({
      present: 'right',
      password: 'another 9 long password',
    });
  });
});
