import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { System } from '../screens/system';
import { draw } from '../testing/render';
import { problem, serve } from '../testing/server';

const now = new Date().toISOString();
const instance = {
  id: 'i1',
  host: 'web-1',
  version: '1.2.0',
  current: true,
  live: true,
  since: now,
  last_seen: now,
};
const system = {
  version: '1.2.0',
  go_version: 'go1.26.8',
  started_at: new Date(Date.now() - 3_725_000).toISOString(),
  uptime_seconds: 3_725,
  instance: 'i1',
  host: 'web-1',
  database: { kind: 'sqlite', size_bytes: 2 ** 20 },
  checks: [
    { name: 'database', status: 'ok' },
    { name: 'module shop', status: 'failing', detail: 'The mail server is away.' },
  ],
  instances: [instance],
  modules: { enabled: 3, failed: 1 },
};
const rest = {
  'GET api/v1/auth/me': () => ({
    body: { permissions: ['dashboard.modules.read', 'dashboard.system.read', 'dashboard.api.read'] },
  }),
  'GET api/v1/auth/me/modules': () => ({ body: { items: [{ id: 'shop', title: 'Shop', panels: [] }] } }),
};

describe('the system', () => {
  it('says what runs here and how it is', async () => {
    serve({ ...rest, 'GET api/v1/system': () => ({ body: system }) });
    await draw(<System />);
    expect(await screen.findByText('1.2.0')).toBeTruthy();
    expect(screen.getByText('1 h 2 min')).toBeTruthy();
    expect(screen.getByText('SQLite')).toBeTruthy();
    expect(screen.getByText('1 MiB on disk')).toBeTruthy();
    expect(screen.getByText('1 failed')).toBeTruthy();
    expect(screen.getByText('1 failing')).toBeTruthy();
    expect((await screen.findByRole('link', { name: 'Shop' })).getAttribute('href')).toBe('/modules/shop');
    expect(screen.getByText('The mail server is away.')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Logs' }).getAttribute('href')).toBe('/system/logs');
    expect(screen.queryByText(/same version/)).toBeNull();
  });

  it('notes that instances differ, but for those that are gone', async () => {
    const other = { ...instance, id: 'i2', version: '1.1.0', current: false };
    serve({ ...rest, 'GET api/v1/system': () => ({ body: { ...system, instances: [instance, other] } }) });
    const { unmount } = await draw(<System />);
    expect(await screen.findByText('Not all instances run the same version')).toBeTruthy();
    unmount();
    const gone = { ...other, live: false };
    serve({ ...rest, 'GET api/v1/system': () => ({ body: { ...system, instances: [instance, gone] } }) });
    await draw(<System />);
    expect(await screen.findByText('Gone')).toBeTruthy();
    expect(screen.queryByText('Not all instances run the same version')).toBeNull();
  });

  it('says why it cannot be seen', async () => {
    serve({ ...rest, 'GET api/v1/system': () => problem(403, 'forbidden') });
    await draw(<System />);
    expect(await screen.findByText('You may not do this')).toBeTruthy();
  });
});
