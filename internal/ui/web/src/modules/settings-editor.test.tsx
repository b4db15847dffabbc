import { fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { meQuery } from '../api/queries';
import type { JSONSchema, Me } from '../api/types';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { SettingsEditor } from './settings-editor';

const schema: JSONSchema = {
  type: 'object',
  properties: {
    interval: { type: 'string', format: 'duration', title: 'Interval' },
    size: { type: 'integer', title: 'Size' },
  },
};
const latest = (version: number, interval: string) => ({
  values: { interval, size: 3 },
  secrets: {},
  version,
  etag: `"${String(version)}"`,
});
const me = { id: 'u1', permissions: ['dashboard.settings.manage'] } as unknown as Me;

async function editor(put: () => Reply) {
  const seen = serve({
    'GET api/v1/auth/me': () => ({ body: me }),
    'PUT api/v1/modules/system/settings': put,
  });
  const element = (state: ReturnType<typeof latest>) => (
    <SettingsEditor id="system" schema={schema} latest={state} />
  );
  const drawn = await draw(element(latest(1, '2s')));
  drawn.client.setQueryData(meQuery.queryKey, me);
  return { seen, ...drawn };
}

const type = (label: string, value: string) => {
  fireEvent.input(screen.getByLabelText(label), { target: { value } });
};

describe('the settings editor', () => {
  it('shows the difference first, then saves what was seen', async () => {
    const { seen } = await editor(() => ({ body: latest(2, '5s') }));
    type('Interval', '5s');
    fireEvent.click(await screen.findByRole('button', { name: 'Review and save' }));
    const dialog = await screen.findByRole('dialog');
    expect(dialog.textContent).toMatch(/Interval.*2s.*5s/);
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    const put = seen.find((one) => one.method === 'PUT');
    expect(put).toMatchObject({
      headers: { 'If-Match': '"1"' },
      body: { values: { interval: '5s', size: 3 } },
    });
  });

  it('sends nothing when nothing has changed', async () => {
    const { seen } = await editor(() => ({ status: 500 }));
    fireEvent.click(await screen.findByRole('button', { name: 'Review and save' }));
    await waitFor(() => {
      expect(seen.filter((one) => one.method === 'PUT')).toEqual([]);
    });
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it("puts the server's refusal at its field", async () => {
    const errors = [{ pointer: '/values/interval', code: 'min', detail: 'must be at least 1s' }];
    await editor(() => problem(422, 'validation-failed', { errors }));
    type('Interval', '1ms');
    fireEvent.click(await screen.findByRole('button', { name: 'Review and save' }));
    fireEvent.click(await screen.findByRole('button', { name: 'Save' }));
    expect(await screen.findByText('Must be at least 1s.')).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(document.activeElement).toBe(screen.getByLabelText('Interval'));
  });

  it('keeps what was typed when the change was based on an old version', async () => {
    await editor(() => problem(412, 'changed-meanwhile'));
    type('Interval', '5s');
    fireEvent.click(await screen.findByRole('button', { name: 'Review and save' }));
    fireEvent.click(await screen.findByRole('button', { name: 'Save' }));
    expect(await screen.findByText('Someone else changed this')).toBeTruthy();
    expect(screen.getByLabelText('Interval')).toHaveProperty('value', '5s');
  });

  it('cannot be saved by who may only look', async () => {
    const { client } = await editor(() => ({ status: 500 }));
    client.setQueryData(meQuery.queryKey, { ...me, permissions: [] });
    expect(await screen.findByText('You may see these settings, not change them.')).toBeTruthy();
  });
});
