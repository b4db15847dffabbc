import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useSettled } from './settled';

const pauseMs = 250;
const slowMs = 1_000;
const changed = vi.fn();

/** A field whose value follows late, as an address does on a slow machine. */
function Late() {
  const [value, setValue] = useState('');
  const { text, type } = useSettled(
    value,
    (next) => {
      changed(next);
      setTimeout(setValue, slowMs, next);
    },
    pauseMs,
  );
  return (
    <>
      <input
        aria-label="Search"
        value={text}
        onChange={(event) => {
          type(event.target.value);
        }}
      />
      <output>{value}</output>
      {['', 'ada', 'bo'].map((other) => (
        <button
          key={other}
          onClick={() => {
            setValue(other);
          }}
        >
          {`to ${other}`}
        </button>
      ))}
    </>
  );
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  changed.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const field = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Search' });
const user = () => userEvent.setup({ delay: null });

it('keeps what is typed while the value is on its way', async () => {
  render(<Late />);
  await user().type(field(), 'g');
  await pass(pauseMs);
  await user().type(field(), 'ra');
  await pass(slowMs);
  await user().type(field(), 'ce');
  expect(field().value).toBe('grace');
  await pass(3 * slowMs);
  expect(screen.getByRole('status').textContent).toBe('grace');
  expect(changed.mock.calls[0]).toEqual(['g']);
  expect(changed.mock.calls.at(-1)).toEqual(['grace']);
});

it('takes a value that came by other means, also one that was asked for before', async () => {
  render(<Late />);
  await user().type(field(), 'ada');
  await pass(pauseMs + slowMs);
  for (const value of ['', 'ada', 'bo']) {
    await user().click(screen.getByRole('button', { name: `to ${value}`.trim() }));
    expect(field().value).toBe(value);
  }
  await pass(2 * slowMs);
  expect(changed).toHaveBeenCalledTimes(1);
});
