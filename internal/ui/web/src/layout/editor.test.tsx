import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { PanelMeta } from '../api/types';
import { draw } from '../testing/render';
import { problem, serve, type Reply, type Seen } from '../testing/server';
import { Editor } from './editor';
import type { Item } from './model';

const panels = ['CPU', 'Memory', 'Disk'].map(
  (title) =>
    ({
      module: 'system',
      id: title.toLowerCase(),
      title,
      kind: 'stat',
      width: 1,
      refresh_seconds: 0,
      ranges: [],
    }) as unknown as PanelMeta,
);

/** A server that keeps one layout; `put` may refuse first. */
function server(put: (seen: Seen, version: number) => Reply | undefined = () => undefined) {
  let version = 0;
  let items: Item[] = [];
  const tag = () => ({ ETag: `"${String(version)}"` });
  const seen = serve({
    'GET api/v1/auth/me': () => ({ body: { id: 'u', permissions: [] } }),
    'GET api/v1/auth/me/layout': () => ({
      body: { source: version === 0 ? 'default' : 'own', items },
      headers: tag(),
    }),
    'PUT api/v1/auth/me/layout': (request) => {
      const refused = put(request, version);
      if (refused) return refused;
      if (request.headers['If-Match'] !== `"${String(version)}"`) return problem(412, 'changed-meanwhile');
      version++;
      ({ items } = request.body as { items: Item[] });
      return { body: { source: 'own', items }, headers: tag() };
    },
    'DELETE api/v1/auth/me/layout': () => {
      version++;
      items = [];
      return { status: 204 };
    },
    ...Object.fromEntries(
      panels.map((panel) => [`GET api/v1/m/system/panels/${panel.id}`, () => ({ body: { value: 1 } })]),
    ),
  });
  return {
    puts: () => seen.filter((request) => request.method === 'PUT'),
    seen,
    elsewhere: (next: Item[]) => {
      version++;
      items = next;
    },
  };
}

async function start() {
  const done = vi.fn();
  await draw(<Editor panels={panels} titles={new Map([['system', 'System']])} onDone={done} />);
  const user = userEvent.setup();
  const grip = (title: string) => screen.findByRole('button', { name: `Move ${title}` });
  await grip('CPU');
  await waitFor(() => {
    expect(document.querySelector('[data-tile]')).not.toBeNull();
  });
  const order = () =>
    [...document.querySelectorAll<HTMLElement>('[data-tile]')].map(
      (tile) => `${tile.dataset['tile'] ?? ''} ${/w\d h\d/.exec(tile.className)?.[0] ?? ''}`,
    );
  return { user, grip, order, done };
}

const kept = (request: Seen | undefined) =>
  (request?.body as { items: Item[] }).items.map(
    (item) => `${item.panel} ${String(item.width)}×${String(item.height)}${item.hidden ? ' hidden' : ''}`,
  );

describe('by keyboard', () => {
  it('a panel is lifted, moved, resized and put down, which is read out and kept once', async () => {
    const { puts } = server();
    const { user, grip, order } = await start();
    (await grip('CPU')).focus();
    await user.keyboard('{Enter}');
    expect(screen.getByText('CPU is lifted. Place 1 of 3.')).toBeTruthy();
    await user.keyboard('{ArrowRight}');
    expect(screen.getByText('CPU: place 2 of 3.')).toBeTruthy();
    await user.keyboard('{Shift>}{ArrowRight}{ArrowDown}{/Shift}');
    expect(screen.getByText('CPU: 2 wide, 2 high.')).toBeTruthy();
    expect(document.activeElement).toBe(await grip('CPU'));
    expect(puts()).toHaveLength(0);
    await user.keyboard(' ');
    expect(screen.getByText('CPU is put down. Place 2 of 3.')).toBeTruthy();
    await waitFor(() => {
      expect(puts()).toHaveLength(1);
    });
    expect(kept(puts()[0])).toEqual(['memory 1×1', 'cpu 2×2', 'disk 1×1']);
    expect(puts()[0]?.headers['If-Match']).toBe('"0"');
    expect(order()).toEqual(['system/memory w1 h1', 'system/cpu w2 h2', 'system/disk w1 h1']);
  });

  it('Escape puts it back, and nothing is kept', async () => {
    const { puts } = server();
    const { user, grip, order } = await start();
    (await grip('Disk')).focus();
    await user.keyboard('{Enter}{Home}');
    expect(order()[0]).toBe('system/disk w1 h1');
    await user.keyboard('{End}{ArrowLeft}{Escape}');
    expect(order().at(-1)).toBe('system/disk w1 h1');
    expect(screen.getByText('Disk is back where it was.')).toBeTruthy();
    expect(puts()).toHaveLength(0);
  });

  it('arrows scroll the page as ever while nothing is lifted', async () => {
    server();
    const { user, grip, order } = await start();
    const before = order();
    (await grip('CPU')).focus();
    await user.keyboard('{ArrowRight}');
    expect(order()).toEqual(before);
  });
});

describe('without dragging', () => {
  it('the bar moves and resizes what a press lifted', async () => {
    const { puts } = server();
    const { user, grip } = await start();
    await user.click(await grip('CPU'));
    await user.click(screen.getByRole('button', { name: 'Later' }));
    await user.click(screen.getByRole('button', { name: 'Wider' }));
    await user.click(screen.getByRole('button', { name: 'Taller' }));
    await user.click(screen.getByRole('button', { name: 'Lower' }));
    await user.click(screen.getByRole('button', { name: 'Put down' }));
    await waitFor(() => {
      expect(kept(puts()[0])).toEqual(['memory 1×1', 'cpu 2×1', 'disk 1×1']);
    });
    expect(document.activeElement).toBe(await grip('CPU'));
  });

  it('a panel is hidden and shown again at the end', async () => {
    const { puts } = server();
    const { user } = await start();
    await user.click(screen.getByRole('button', { name: 'Hide CPU' }));
    await waitFor(() => {
      expect(kept(puts()[0])).toEqual(['memory 1×1', 'disk 1×1', 'cpu 1×1 hidden']);
    });
    await user.click(screen.getByRole('button', { name: 'Show CPU' }));
    await waitFor(() => {
      expect(kept(puts()[1])).toEqual(['memory 1×1', 'disk 1×1', 'cpu 1×1']);
    });
    expect(puts()[1]?.headers['If-Match']).toBe('"1"');
  });

  it('the default is asked for and comes back', async () => {
    const { seen } = server();
    const { user, order } = await start();
    expect(screen.queryByRole('button', { name: 'Reset to default' })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Hide CPU' }));
    await user.click(await screen.findByRole('button', { name: 'Reset to default' }));
    await user.click(screen.getAllByRole('button', { name: 'Reset to default' }).at(-1) as HTMLElement);
    await waitFor(() => {
      expect(order()).toHaveLength(3);
    });
    expect(seen.some((request) => request.method === 'DELETE')).toBe(true);
  });
});

describe('a change that is not kept', () => {
  it('because of someone else is shown against theirs, and kept when the person says so', async () => {
    const { puts, elsewhere } = server();
    const { user, order } = await start();
    elsewhere([{ module: 'system', panel: 'disk', width: 4, height: 1, hidden: false }]);
    await user.click(screen.getByRole('button', { name: 'Hide CPU' }));
    await screen.findByText('This layout was changed elsewhere');
    await waitFor(() => {
      expect(order()).toEqual(['system/disk w4 h1', 'system/cpu w1 h1', 'system/memory w1 h1']);
    });
    await user.click(screen.getByRole('button', { name: 'Use mine instead' }));
    await waitFor(() => {
      expect(order()).toEqual(['system/memory w1 h1', 'system/disk w1 h1']);
    });
    expect(puts().at(-1)?.headers['If-Match']).toBe('"1"');
  });

  it('for another reason is undone', async () => {
    const { puts } = server(() => problem(500, 'internal'));
    const { user, order } = await start();
    await user.click(screen.getByRole('button', { name: 'Hide CPU' }));
    await waitFor(() => {
      expect(puts()).toHaveLength(1);
      expect(order()).toHaveLength(3);
    });
  });

  it('follows the one that is on its way', async () => {
    const gate: { open?: () => void } = {};
    const held = new Promise<void>((resolve) => (gate.open = resolve));
    const { puts } = server();
    const fetched = vi.mocked(fetch);
    const answer = fetched.getMockImplementation();
    fetched.mockImplementation(async (url, init) => {
      if (init?.method === 'PUT') await held;
      return (answer as typeof fetch)(url, init);
    });
    const { user, order } = await start();
    await user.click(screen.getByRole('button', { name: 'Hide CPU' }));
    await user.click(screen.getByRole('button', { name: 'Hide Memory' }));
    expect(order()).toEqual(['system/disk w1 h1']);
    gate.open?.();
    await waitFor(() => {
      expect(puts().map((put) => put.headers['If-Match'])).toEqual(['"0"', '"1"']);
    });
    expect(order()).toEqual(['system/disk w1 h1']);
  });
});

it('Done puts down what is lifted', async () => {
  const { puts } = server();
  const { user, grip, done } = await start();
  await user.click(await grip('CPU'));
  await user.keyboard('{ArrowRight}{Escape}');
  await user.click(screen.getByRole('button', { name: 'Done' }));
  expect(done).toHaveBeenCalledOnce();
  expect(puts()).toHaveLength(0);
});
