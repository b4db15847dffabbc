import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { draw } from '../testing/render';
import { serve } from '../testing/server';
import { setTheme, theme } from '../theme';
import { Palette } from './palette';
import { askToOpen, useOpening } from './palette-opening';
import { rank, ranked } from './palette-rank';

let permissions: string[] = [];

beforeEach(() => {
  permissions = ['dashboard.modules.read'];
  Element.prototype.scrollIntoView = () => undefined;
  const module = { id: 'system', title: 'System', state: 'enabled', version: '1', installed_version: '1' };
  serve({
    'GET api/v1/auth/me': () => ({ body: { id: 'u1', permissions } }),
    'GET api/v1/auth/me/modules': () => ({
      body: { items: [{ id: 'system', title: 'System', panels: [], settings: true }] },
    }),
    'GET api/v1/auth/me/layout': () => ({ body: { source: 'default', items: [] } }),
    'GET api/v1/panels': () => ({
      body: { items: [{ module: 'system', id: 'cpu', title: 'CPU load', kind: 'stat' }] },
    }),
    'GET api/v1/resources': () => ({
      body: { items: [{ module: 'system', name: 'disks', title: 'Disks', path: 'api/v1/m/system/disks' }] },
    }),
    'GET api/v1/modules': () => ({ body: { items: [module] } }),
    'GET api/v1/modules/system': () => ({ body: module, headers: { ETag: '"1"' } }),
    'GET api/v1/modules/system/plan?op=disable&cascade=false': () => ({ body: { steps: [] } }),
  });
});

async function open() {
  const close = vi.fn();
  const drawn = await draw(<Palette onClose={close} />);
  await screen.findByText('System settings');
  const input = screen.getByRole('combobox');
  const type = (value: string) => fireEvent.change(input, { target: { value } });
  const options = () => screen.queryAllByRole('option').map((option) => option.textContent);
  return { ...drawn, close, input, type, options };
}

describe('the palette', () => {
  it('finds what the person may open, and goes there with Enter', async () => {
    const { close, input, type, options } = await open();
    type('sys');
    expect(options()).toEqual(['SystemModule', 'System settingsScreen']);
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    expect(screen.getAllByRole('option')[1]?.getAttribute('aria-selected')).toBe('true');
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    expect(screen.getAllByRole('option')[0]?.getAttribute('aria-selected')).toBe('true');
    fireEvent.keyDown(input, { key: 'Enter' });
    expect(close).toHaveBeenCalled();
  });

  it('finds panels and tables with their module', async () => {
    const { type, options } = await open();
    await waitFor(() => {
      type('cpu');
      expect(options()).toEqual(['CPU load · SystemPanel']);
    });
    type('disks');
    expect(options()).toEqual(['Disks · SystemTable']);
  });

  it('offers only what the person may do', async () => {
    const { type, options } = await open();
    type('new');
    expect(options()).toEqual(['New keyAction']);
    type('disable');
    expect(options()).toEqual([]);
    type('logs');
    expect(options()).toEqual([]);
  });

  it('asks before a module is disabled', async () => {
    permissions = ['dashboard.modules.read', 'dashboard.modules.manage', 'dashboard.users.manage'];
    const { type, input, options, close } = await open();
    await waitFor(() => {
      type('dis sys');
      expect(options()).toEqual(['Disable SystemAction']);
    });
    fireEvent.keyDown(input, { key: 'Enter' });
    expect(await screen.findByRole('dialog', { name: 'Disable System?' })).toBeTruthy();
    expect(screen.queryByRole('combobox')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(close).toHaveBeenCalledOnce();
  });

  it('changes the theme, and does not offer the one there is', async () => {
    setTheme('auto');
    const { type, options, close } = await open();
    type('theme');
    expect(options()).toEqual(['Theme: LightAction', 'Theme: DarkAction']);
    fireEvent.click(screen.getByText('Theme: Dark'));
    expect(theme.get()).toBe('dark');
    expect(close).toHaveBeenCalled();
  });

  it('says when nothing has the name', async () => {
    const { type, input } = await open();
    type('zzz');
    expect(await screen.findByText('Nothing has that name.')).toBeTruthy();
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    fireEvent.keyDown(input, { key: 'Enter' });
  });
});

describe('a name', () => {
  it.each([
    ['All modules', '', 0],
    ['All modules', 'all mo', 0],
    ['All modules', 'ALL', 0],
    ['All modules', 'mod', 1],
    ['All modules', 'mod all', 1],
    ['All modules', 'almo', 2],
    ['All modules', 'am', 2],
    ['All modules', 'ldl', 3],
    ['All modules', 'ma x', -1],
    ['Übersicht', 'ubers', 0],
    ['Uber', 'übe', 0],
    ['CPU over time (24 h)', 'ct24', 2],
    ['Guest book', 'gub', 2],
    ['Guest book', 'guess', -1],
    ['--', 'x', -1],
  ])('%s against %s ranks %d', (name, typed, want) => {
    expect(rank(name, typed)).toBe(want);
  });

  it('comes before others when it fits better, and keeps its place among equals', () => {
    const titles = ['Old users', 'Usage', 'Users', 'Bus errors', 'User menu'];
    const found = ranked(
      titles.map((title) => ({ title })),
      'use',
    );
    expect(found.map((one) => one.title)).toEqual(['Users', 'User menu', 'Old users', 'Usage', 'Bus errors']);
  });
});

describe('what the palette asks a screen to open', () => {
  afterEach(() => {
    askToOpen('');
  });

  function Screen() {
    const [isOpen, setOpen] = useOpening('user');
    return (
      <button
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        {isOpen ? 'open' : 'closed'}
      </button>
    );
  }

  it('opens on the screen that has it, once', async () => {
    askToOpen('user');
    await draw(<Screen />);
    fireEvent.click(screen.getByText('open'));
    fireEvent.click(screen.getByText('closed'));
    fireEvent.click(screen.getByText('open'));
    expect(screen.getByText('closed')).toBeTruthy();
  });

  it('is not what another screen has', async () => {
    askToOpen('key');
    await draw(<Screen />);
    expect(screen.getByText('closed')).toBeTruthy();
  });
});
