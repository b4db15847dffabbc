import { render, screen } from '@testing-library/react';
import { Suspense } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { lazyPart } from './lazy';
import { Boundary } from './parts/boundary';

const show = (load: () => Promise<unknown>) => {
  const Part = lazyPart<object>(load, 'Part');
  render(
    <Boundary>
      <Suspense fallback="waiting">
        <Part />
      </Suspense>
    </Boundary>,
  );
};

describe('a lazy part', () => {
  it('shows when it has come', async () => {
    show(() => Promise.resolve({ Part: () => <p>here</p> }));
    expect(await screen.findByText('here')).toBeTruthy();
  });

  it.each([
    ['is gone', () => Promise.reject(new TypeError('failed to fetch'))],
    ['is another version’s', () => Promise.resolve({})],
  ])('that %s says that there is a new version', async (_, load) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    show(load);
    expect(await screen.findByText('There is a new version')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Reload' })).toBeTruthy();
  });

  it('can be fetched ahead, whose failure waits until it is needed', async () => {
    const part = lazyPart<object>(() => Promise.reject(new Error('gone')), 'Part');
    await expect(part.preload()).resolves.toBeUndefined();
  });
});
