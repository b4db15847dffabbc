import { fireEvent, screen } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { draw } from '../testing/render';
import { serve } from '../testing/server';
import { matches, Palette } from './palette';

beforeEach(() => {
  Element.prototype.scrollIntoView = () => undefined;
  serve({
    'GET api/v1/auth/me': () => ({ body: { id: 'u1', permissions: ['dashboard.modules.read'] } }),
    'GET api/v1/auth/me/modules': () => ({
      body: { items: [{ id: 'system', title: 'System', panels: [], settings: true }] },
    }),
  });
});

describe('the palette', () => {
  it('finds what the person may open, and goes there with Enter', async () => {
    const close = vi.fn();
    await draw(<Palette onClose={close} />);
    expect(await screen.findByText('System settings')).toBeTruthy();
    expect(screen.queryByText('Audit')).toBeNull();
    const input = screen.getByRole('combobox');
    fireEvent.change(input, { target: { value: 'sys' } });
    const options = screen.getAllByRole('option');
    expect(options.map((option) => option.textContent)).toEqual(['SystemModule', 'System settingsScreen']);
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    expect(screen.getAllByRole('option')[1]?.getAttribute('aria-selected')).toBe('true');
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    expect(screen.getAllByRole('option')[0]?.getAttribute('aria-selected')).toBe('true');
    fireEvent.keyDown(input, { key: 'Enter' });
    expect(close).toHaveBeenCalled();
  });

  it('says when nothing has the name', async () => {
    await draw(<Palette onClose={vi.fn()} />);
    fireEvent.change(screen.getByRole('combobox'), { target: { value: 'zzz' } });
    expect(await screen.findByText('Nothing has that name.')).toBeTruthy();
    fireEvent.keyDown(screen.getByRole('combobox'), { key: 'ArrowDown' });
    fireEvent.keyDown(screen.getByRole('combobox'), { key: 'Enter' });
  });

  it.each([
    ['All modules', 'allmod', true],
    ['All modules', 'am', true],
    ['All modules', 'ma x', false],
    ['All modules', '', true],
  ])('%s matches %s: %s', (title, wanted, want) => {
    expect(matches(title, wanted)).toBe(want);
  });
});
