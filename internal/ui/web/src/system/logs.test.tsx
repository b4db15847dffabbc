import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { draw } from '../testing/render';
import { problem, serve, type Seen } from '../testing/server';
import { fakeSources, latestSource } from '../testing/source';
import { Logs } from './logs';
import type { LogRecord } from './types';

const record = (seq: number, more: Partial<LogRecord> = {}): LogRecord => ({
  seq,
  time: new Date(Date.now() - 1_000_000 + seq).toISOString(),
  level: 'info',
  message: `message ${String(seq)}`,
  attrs: {},
  ...more,
});

const failed = record(300, {
  level: 'error',
  message: 'cannot deliver',
  module: 'shop',
  request_id: 'req-7',
  attrs: { attempt: 3, target: { host: 'example.com' } },
});
const many = [failed, ...Array.from({ length: 199 }, (_, i) => record(299 - i))];

describe('the log', () => {
  let seen: Seen[];
  const answers: Record<string, unknown> = {};

  beforeEach(() => {
    fakeSources();
    const items = (list: LogRecord[]) => () => ({ body: { items: list } });
    seen = serve({
      'GET api/v1/auth/me/modules': () => ({ body: { items: [{ id: 'shop', title: 'Shop', panels: [] }] } }),
      'GET api/v1/system/logs?limit=200': items(many),
      'GET api/v1/system/logs?level=error&limit=200': items([failed]),
      'GET api/v1/system/logs?request_id=req-7&limit=200': items([failed]),
      'GET api/v1/system/logs?q=nothing&limit=200': items([]),
      'GET api/v1/system/logs?q=broken&limit=200': () => problem(403, 'forbidden'),
      ...answers,
    });
  });

  const live = () => {
    act(() => latestSource().onopen?.());
  };
  const rows = () => screen.getAllByRole('row').slice(1);

  it('shows the newest first, and draws only what is in sight of all there is', async () => {
    await draw(<Logs />);
    await screen.findByRole('button', { name: 'cannot deliver' });
    live();
    expect(screen.getByText('Live')).toBeTruthy();
    expect(screen.getByText('200 records')).toBeTruthy();
    expect(screen.getByRole('table').getAttribute('aria-rowcount')).toBe('201');
    expect(rows().length).toBeLessThan(50);
    expect(rows()[0]?.textContent).toContain('cannot deliver');
    expect(rows()[0]?.textContent).toContain('attempt=3');
  });

  it('opens a record with everything known of it, and stands still then', async () => {
    await draw(<Logs />);
    const say = await screen.findByRole('button', { name: 'cannot deliver' });
    live();
    fireEvent.click(say);
    expect(say.getAttribute('aria-expanded')).toBe('true');
    const row = rows()[0] as HTMLElement;
    expect(within(row).getByText('req-7')).toBeTruthy();
    expect(within(row).getByText(/"host": "example.com"/)).toBeTruthy();
    expect(screen.getByText('Paused')).toBeTruthy();
    act(() => latestSource().say('log', record(301)));
    fireEvent.click(await screen.findByRole('button', { name: 'Show 1 new record' }));
    expect(rows()[0]?.textContent).toContain('message 301');
    expect(screen.getByText('Live')).toBeTruthy();
  });

  it('follows until it is told to stand still', async () => {
    await draw(<Logs />);
    await screen.findByRole('button', { name: 'cannot deliver' });
    live();
    act(() => latestSource().say('log', record(301)));
    await screen.findByRole('button', { name: 'message 301' });
    fireEvent.click(screen.getByRole('button', { name: 'Pause' }));
    act(() => latestSource().say('log', record(302)));
    await screen.findByRole('button', { name: 'Show 1 new record' });
    expect(screen.queryByRole('button', { name: 'message 302' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Follow' }));
    await screen.findByRole('button', { name: 'message 302' });
  });

  it('shows a request alone, and keeps that in the address', async () => {
    const { router } = await draw(<Logs />);
    fireEvent.click(await screen.findByRole('button', { name: 'cannot deliver' }));
    fireEvent.click(screen.getByRole('button', { name: 'Show this request' }));
    await waitFor(() => {
      expect(router.state.location.search).toEqual({ request: 'req-7' });
    });
    await screen.findByText('1 record');
    expect((screen.getByLabelText('Request') as HTMLInputElement).value).toBe('req-7');
    fireEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
    await screen.findByText('200 records');
  });

  it('begins with what the address asks for', async () => {
    await draw(<Logs />, '/?level=error');
    await screen.findByText('1 record');
    expect((screen.getByLabelText('Level') as HTMLSelectElement).value).toBe('error');
    expect(seen.some((one) => one.path === 'api/v1/system/logs?limit=200')).toBe(false);
  });

  it('searches once the typing stops', async () => {
    const { router } = await draw(<Logs />);
    await screen.findByRole('button', { name: 'cannot deliver' });
    await userEvent.type(screen.getByLabelText('Text'), 'nothing');
    live();
    await waitFor(() => {
      expect(router.state.location.search).toEqual({ q: 'nothing' });
    });
    await waitFor(() => {
      expect(latestSource().url).toContain('q=nothing');
    });
    live();
    expect(await screen.findByRole('heading', { name: 'No records' })).toBeTruthy();
    expect(seen.filter((one) => one.path.includes('q=')).length).toBe(1);
  });

  it('says why it cannot be read', async () => {
    await draw(<Logs />, '/?q=broken');
    expect(await screen.findByText('You may not do this')).toBeTruthy();
  });

  it('is walked through with the arrows, one stop for Tab', async () => {
    await draw(<Logs />);
    const say = await screen.findByRole('button', { name: 'cannot deliver' });
    live();
    expect(document.querySelectorAll('.log-say[tabindex="0"]')).toHaveLength(1);
    say.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(document.activeElement?.textContent).toBe('message 299');
    await userEvent.keyboard('{End}');
    expect(document.activeElement?.textContent).toBe('message 101');
    await userEvent.keyboard('{Home}');
    expect(document.activeElement?.textContent).toBe('cannot deliver');
    expect(document.querySelectorAll('.log-say[tabindex="0"]')).toHaveLength(1);
  });

  it('copies a record as JSON', async () => {
    const written = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { ...navigator, languages: ['en'], clipboard: { writeText: written } });
    await draw(<Logs />);
    fireEvent.click(await screen.findByRole('button', { name: 'cannot deliver' }));
    fireEvent.click(screen.getByRole('button', { name: 'Copy as JSON' }));
    expect(written).toHaveBeenCalledWith(expect.stringContaining('"request_id": "req-7"'));
    vi.unstubAllGlobals();
  });
});
