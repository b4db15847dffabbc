import { QueryClient } from '@tanstack/react-query';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Module } from '../api/types';
import { Toasts } from '../parts/toast';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { ActionDialog } from './action-dialog';
import { actions } from './actions';
import { follow } from './follow';
import { HealthOrState } from './health';

const module: Module = {
  id: 'system',
  title: 'System',
  description: '',
  version: '1.1.0',
  installed_version: '1.1.0',
  desired: 'enabled',
  state: 'enabled',
  generation: 7,
  since: '2026-11-22T12:00:00Z',
  requires: [],
  required_by: [],
  capabilities: [],
  permissions: [],
  instances: [],
};
const alone = {
  steps: [{ module: 'system', op: 'disable', title: 'System' }],
  needs_cascade: false,
  required_by: [],
};
const together = {
  ...alone,
  steps: [{ module: 'billing', op: 'disable', title: 'Billing' }, ...alone.steps],
};
const refused = { steps: [], refused: 'Billing needs it.', needs_cascade: true, required_by: ['billing'] };
const close = vi.fn();
const confirm = () => screen.getByRole('button', { name: 'Disable' });
const ready = () =>
  waitFor(() => {
    expect(confirm().getAttribute('aria-disabled')).toBeNull();
  });

function routes(plan: object, act: () => Reply) {
  return serve({
    'GET api/v1/modules/system': () => ({ body: module, headers: { ETag: '"7"' } }),
    'GET api/v1/modules/system/plan?op=disable&cascade=false': () => ({ body: plan }),
    'GET api/v1/modules/system/plan?op=disable&cascade=true': () => ({ body: together }),
    'POST api/v1/modules/system/disable': act,
    'POST api/v1/modules/system/disable?cascade=true': act,
  });
}

describe('what came of an action', () => {
  const followed = async (states: Partial<Module>[]) => {
    const seen = serve({
      'GET api/v1/modules/system': () => ({
        body: { ...module, ...(states.length > 1 ? states.shift() : states[0]) },
      }),
    });
    await draw(<Toasts />);
    const over = follow(new QueryClient(), module, 'uninstall');
    expect((await screen.findByText('Uninstalling System.')).textContent).toBeTruthy();
    await over;
    expect(screen.queryByText('Uninstalling System.')).toBeNull();
    return seen;
  };

  it('is said in place of what was under way', async () => {
    await followed([
      { state: 'uninstalling', desired: 'available' },
      { state: 'available', desired: 'available' },
    ]);
    expect(await screen.findByText('System: Available')).toBeTruthy();
  });

  it('is said where it failed, and why', async () => {
    const failure = {
      operation: 'uninstall',
      step: 'drop',
      attempt: 1,
      error: 'disk full',
      since: module.since,
    };
    await followed([{ state: 'failed', desired: 'available', failure } as Partial<Module>]);
    expect(await screen.findByText('System: Failed: disk full')).toBeTruthy();
  });
});

it('a module that is off is not called healthy', () => {
  const health = { status: 'ok' };
  const { rerender } = render(<HealthOrState state="installed" health={health} />);
  expect(document.body.textContent).toBe('Disabled');
  rerender(<HealthOrState state="enabled" health={health} />);
  expect(document.body.textContent).toBe('Healthy');
});

beforeEach(() => {
  close.mockReset();
});

describe('the dialog of an action', () => {
  it('tells what will happen and does it to the state it told of', async () => {
    const seen = routes(alone, () => ({ status: 202, body: { generation: 8, steps: alone.steps } }));
    await draw(<ActionDialog module={module} op="disable" onClose={close} />);
    expect(await screen.findByText('Disable System')).toBeTruthy();
    await ready();
    fireEvent.click(confirm());
    await waitFor(() => {
      expect(close).toHaveBeenCalled();
    });
    expect(seen.find((one) => one.method === 'POST')?.headers['If-Match']).toBe('"7"');
  });

  it('offers the modules in the way, and needs a yes for them', async () => {
    const seen = routes(refused, () => ({ status: 202, body: { generation: 8, steps: [] } }));
    await draw(<ActionDialog module={module} op="disable" onClose={close} />);
    expect(await screen.findByText('Billing needs it.')).toBeTruthy();
    expect(confirm().getAttribute('aria-disabled')).toBe('true');
    fireEvent.click(confirm());
    fireEvent.click(screen.getByRole('checkbox', { name: /billing/ }));
    expect(await screen.findByText('Disable Billing')).toBeTruthy();
    await ready();
    fireEvent.click(confirm());
    await waitFor(() => {
      expect(close).toHaveBeenCalled();
    });
    expect(seen.filter((one) => one.method === 'POST').map((one) => one.path)).toEqual([
      'api/v1/modules/system/disable?cascade=true',
    ]);
  });

  it('tells whom a refusal named, when the plan did not know yet', async () => {
    routes(alone, () => problem(409, 'module-required', { required_by: ['reports'] }));
    await draw(<ActionDialog module={module} op="disable" onClose={close} />);
    await ready();
    fireEvent.click(confirm());
    expect(await screen.findByText(/These depend on it: reports/)).toBeTruthy();
    expect(screen.getByRole('checkbox', { name: /reports/ })).toBeTruthy();
    expect(close).not.toHaveBeenCalled();
  });

  it('does nothing when the state has changed, and says so', async () => {
    routes(alone, () => problem(412, 'changed-meanwhile'));
    await draw(<ActionDialog module={module} op="disable" onClose={close} />);
    await ready();
    fireEvent.click(confirm());
    expect(await screen.findByText(/Nothing was done/)).toBeTruthy();
  });

  it('tells how long to wait', async () => {
    routes(alone, () => problem(429, 'limited', {}, { 'Retry-After': '30' }));
    await draw(<ActionDialog module={module} op="disable" onClose={close} />);
    await ready();
    fireEvent.click(confirm());
    expect(await screen.findByText(/Wait \d+ seconds/)).toBeTruthy();
  });
});

describe('the actions of a state', () => {
  it.each([
    ['available', {}, ['install', 'enable']],
    ['installed', {}, ['enable', 'uninstall']],
    ['enabled', {}, ['disable', 'uninstall']],
    ['enabled', { installed_version: '1.0.0' }, ['upgrade', 'disable', 'uninstall']],
    ['failed', {}, ['retry', 'rollback', 'force']],
    ['draining', {}, []],
  ])('%s %j are %j', (state, extra, want) => {
    expect(actions({ ...module, ...extra, state })).toEqual(want);
  });
});
