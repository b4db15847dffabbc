import { fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { place } from './login';
import { SignInForm } from './sign-in-form';

const user = { id: 'u1', email: 'ada@example.com', name: 'Ada', roles: [], disabled: false };

async function submit(reply: Reply) {
  const done = vi.fn();
  const seen = serve({ 'POST api/v1/auth/login': () => reply });
  await draw(<SignInForm onDone={done} />);
  fireEvent.change(screen.getByLabelText('Email'), { target: { value: ' ada@example.com ' } });
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: ' spaces stay ' } });
  fireEvent.submit(screen.getByLabelText('Email').closest('form') ?? document.body);
  return { done, seen };
}

describe('signing in', () => {
  it('sends the address trimmed and the password as typed', async () => {
    const { done, seen } = await submit({ body: { user, expires_in: 300 } });
    await waitFor(() => {
      expect(done).toHaveBeenCalledWith(user);
    });
    expect(seen[0]?.body).toEqual({ email: 'ada@example.com', password: ' spaces stay ' });
  });

  it.each([
    [problem(401, 'invalid-credentials'), 'Email or password is wrong.'],
    [problem(429, 'throttled', {}, { 'Retry-After': '9' }), 'Wait 9 seconds'],
    [problem(503, 'starting'), 'The server is not ready'],
    [problem(500, 'internal'), 'Something went wrong'],
  ])('tells what went wrong: %j', async (reply, want) => {
    const { done } = await submit(reply);
    expect((await screen.findByRole('alert')).textContent).toContain(want);
    expect(done).not.toHaveBeenCalled();
  });
});

describe('the place to return to', () => {
  it.each([
    ['/modules/system?tab=1', '/modules/system?tab=1'],
    [undefined, '/'],
    ['', '/'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
  ])('%s is %s', (next, want) => {
    expect(place(next)).toBe(want);
  });
});
