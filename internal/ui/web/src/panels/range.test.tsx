import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { draw } from '../testing/render';
import { problem, serve, type Seen } from '../testing/server';
import { Panel } from './panel';
import { inWords } from './range';

const panel = {
  module: 'shop',
  id: 'orders',
  title: 'Orders',
  kind: 'stat',
  refresh_seconds: 0,
  width: 1,
  ranges: ['15m', '24h', '7d'],
};
const path = 'api/v1/m/shop/panels/orders';
const stat = (value: number) => () => ({ body: { value, as_of: '2026-11-22T12:00:00Z' } });

describe('the range of a panel', () => {
  let seen: Seen[];

  beforeEach(() => {
    seen = serve({
      [`GET ${path}`]: stat(1),
      [`GET ${path}?range=24h`]: stat(24),
      [`GET ${path}?range=7d`]: () => problem(422, 'invalid', { detail: 'Not that far back.' }),
    });
  });

  it('is live until one is chosen, which is kept in the address of the module’s page', async () => {
    const { router } = await draw(<Panel panel={panel} />, '/m/shop');
    await screen.findByText('1');
    expect((screen.getByRole('radio', { name: 'Live' }) as HTMLInputElement).checked).toBe(true);
    fireEvent.click(screen.getByRole('radio', { name: '24 hours' }));
    expect(await screen.findByText('24')).toBeTruthy();
    expect(router.state.location.search).toEqual({ 'range.orders': '24h' });
    fireEvent.click(screen.getByRole('radio', { name: 'Live' }));
    expect(await screen.findByText('1')).toBeTruthy();
    expect(router.state.location.search).toEqual({});
  });

  it('comes from the address, if the panel offers it', async () => {
    const { unmount } = await draw(<Panel panel={panel} />, '/m/shop?range.orders=24h');
    await screen.findByText('24');
    expect(seen.map((one) => one.path)).toEqual([`${path}?range=24h`]);
    unmount();
    await draw(<Panel panel={panel} />, '/m/shop?range.orders=99y');
    expect(await screen.findByText('1')).toBeTruthy();
  });

  it('is not kept in the address elsewhere', async () => {
    const { router } = await draw(<Panel panel={panel} />);
    fireEvent.click(await screen.findByRole('radio', { name: '24 hours' }));
    expect(await screen.findByText('24')).toBeTruthy();
    expect(router.state.location.search).toEqual({});
  });

  it('that is refused says why', async () => {
    await draw(<Panel panel={panel} />);
    await screen.findByText('1');
    fireEvent.click(screen.getByRole('radio', { name: '7 days' }));
    await waitFor(() => {
      expect(screen.getByText('Not that far back.')).toBeTruthy();
    });
  });

  it('is not asked for where a panel offers none', async () => {
    const without = { ...panel, ranges: [] };
    await draw(<Panel panel={without} />);
    await screen.findByText('1');
    expect(screen.queryByRole('radiogroup')).toBeNull();
  });

  it.each([
    ['15m', '15 minutes', '15m'],
    ['1h', '1 hour', '1h'],
    ['7d', '7 days', '7d'],
    ['2w', '2w', '2w'],
  ])('%s is %s, in short %s', (range, long, narrow) => {
    expect(inWords(range, 'long')).toBe(long);
    expect(inWords(range, 'narrow')).toBe(narrow);
  });
});
