import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Toasts } from '../parts/toast';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { Jobs } from './jobs';
import type { Job, Run } from './types';

const run = (id: string, more: Partial<Run> = {}): Run => ({
  id,
  started_at: '2026-11-22T12:00:00Z',
  ended_at: '2026-11-22T12:00:02Z',
  duration_ms: 1_500,
  instance: 'i1',
  outcome: 'ok',
  trigger: 'schedule',
  ...more,
});

const clean: Job = {
  module: 'shop',
  name: 'clean',
  title: 'Clean up',
  schedule: '*/5 * * * *',
  zone: 'UTC',
  per_instance: false,
  missed: 'skip',
  next_at: new Date(Date.now() + 240_000).toISOString(),
  running: false,
  last: run('1'),
};

const me = { 'GET api/v1/auth/me': () => ({ body: { permissions: ['dashboard.system.manage'] } }) };
const list = (...items: Job[]) => ({ 'GET api/v1/jobs': () => ({ body: { items } }) });

describe('the jobs', () => {
  it('say what they do when, and how the last run went', async () => {
    serve({
      ...me,
      ...list(
        clean,
        {
          ...clean,
          name: 'odd',
          title: 'Odd',
          schedule: '7-59/13 2 * * *',
          last: undefined,
          next_at: undefined,
        },
        { ...clean, name: 'bad', title: 'Bad', last: run('2', { outcome: 'failed', error: 'disk full' }) },
      ),
    });
    await draw(<Jobs />);
    const [first, second, third] = await screen.findAllByRole('listitem');
    expect(first?.textContent).toContain('Every 5 minutes · UTC');
    expect(first?.textContent).toContain('(1.5 s)');
    expect(first?.textContent).toMatch(/next in [34] minutes/);
    expect(second?.textContent).toContain('7-59/13 2 * * *');
    expect(second?.textContent).toContain('never run yet · its module is off');
    expect(within(third as HTMLElement).getByText('disk full')).toBeTruthy();
  });

  it('run now and tell how it went', async () => {
    let runs: Run[] = [run('9', { outcome: 'running', ended_at: undefined })];
    const seen = serve({
      ...me,
      ...list(clean),
      'POST api/v1/jobs/shop/clean/run': () => ({ status: 202, body: { id: '9' } }),
      'GET api/v1/jobs/shop/clean/runs?limit=20': () => ({ body: { items: runs } }),
    });
    await draw(
      <>
        <Jobs />
        <Toasts />
      </>,
    );
    fireEvent.click(await screen.findByRole('button', { name: 'Run now: Clean up' }));
    const running = await screen.findByRole('button', { name: 'Running…' });
    expect(running.getAttribute('aria-disabled')).toBe('true');
    runs = [run('10'), run('9', { duration_ms: 2_500, trigger: 'manual' })];
    expect(await screen.findByText('Clean up is done, after 2.5 s.', {}, { timeout: 3_000 })).toBeTruthy();
    expect(seen.filter((one) => one.method === 'POST')).toHaveLength(1);
  });

  it.each<[string, () => Reply, string]>([
    ['that fail say why', () => ({ status: 202, body: { id: '9' } }), 'Clean up did not succeed: disk full'],
    [
      'that cannot begin say why',
      () => problem(409, 'job-running', { detail: 'The job is running.' }),
      'The job is running.',
    ],
  ])('%s', async (_, answer, want) => {
    serve({
      ...me,
      ...list(clean),
      'POST api/v1/jobs/shop/clean/run': answer,
      'GET api/v1/jobs/shop/clean/runs?limit=20': () => ({
        body: { items: [run('9', { outcome: 'failed', error: 'disk full' })] },
      }),
    });
    await draw(
      <>
        <Jobs />
        <Toasts />
      </>,
    );
    fireEvent.click(await screen.findByRole('button', { name: 'Run now: Clean up' }));
    expect(await screen.findByText(want)).toBeTruthy();
  });

  it('show their history page by page, as the address says', async () => {
    serve({
      ...me,
      ...list(clean),
      'GET api/v1/jobs/shop/clean/runs?limit=20': () => ({
        body: { items: [run('3', { trigger: 'catch-up' })], next_cursor: 'c' },
      }),
      'GET api/v1/jobs/shop/clean/runs?limit=20&cursor=c': () => ({
        body: { items: [run('2', { outcome: 'lost', error: 'the server went away' })] },
      }),
    });
    const { router } = await draw(<Jobs />, '/?job=shop%2Fclean');
    expect(await screen.findByText('Made up for')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Show older runs' }));
    expect(await screen.findByText('the server went away')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Show older runs' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'History of Clean up', expanded: true }));
    await waitFor(() => {
      expect(router.state.location.search).toEqual({});
    });
    expect(screen.queryByText('Made up for')).toBeNull();
  });

  it('cannot be run without the right to', async () => {
    serve({ 'GET api/v1/auth/me': () => ({ body: { permissions: [] } }), ...list(clean) });
    await draw(<Jobs />);
    await screen.findByText('Clean up');
    expect(screen.queryByRole('button', { name: /^Run/ })).toBeNull();
  });

  it('say so when there are none', async () => {
    serve({ ...me, ...list() });
    await draw(<Jobs />);
    expect(await screen.findByRole('heading', { name: 'No jobs' })).toBeTruthy();
  });
});
