import { fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { Panel } from './panel';

const panel = {
  module: 'system',
  id: 'cpu',
  title: 'CPU',
  kind: 'stat',
  refresh_seconds: 0,
  width: 1,
  unit: 'percent',
  ranges: [],
};
const stat = (value: number) => ({ body: { value, spark: [], as_of: '2026-11-22T12:00:00Z' } });
const route = 'GET api/v1/m/system/panels/cpu';

describe('a panel', () => {
  it('shows its data and when it was true', async () => {
    serve({ [route]: () => stat(61) });
    await draw(<Panel panel={panel} />);
    expect(await screen.findByText(/61%/)).toBeTruthy();
    expect(screen.getByText(/^as of/)).toBeTruthy();
    expect(screen.getByRole('region', { name: 'CPU' })).toBeTruthy();
  });

  it('that fails says so and can be tried again', async () => {
    let answer: Reply = problem(500, 'internal', { detail: 'secret' });
    serve({ [route]: () => answer });
    await draw(<Panel panel={panel} />);
    expect(await screen.findByText(/This panel failed/)).toBeTruthy();
    expect(screen.queryByText(/secret/)).toBeNull();
    answer = stat(7);
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText(/7%/)).toBeTruthy();
  });

  it('that is unavailable says why', async () => {
    serve({
      [route]: () => problem(503, 'not-measured', { detail: 'Disks cannot be measured on this machine.' }),
    });
    await draw(<Panel panel={panel} />);
    expect(await screen.findByText('Disks cannot be measured on this machine.')).toBeTruthy();
  });

  it('keeps old data when new cannot be had, and says that it is old', async () => {
    let answer: Reply = stat(61);
    serve({ [route]: () => answer });
    const { client } = await draw(<Panel panel={panel} />);
    await screen.findByText(/61%/);
    answer = problem(500, 'internal');
    await client.invalidateQueries({ queryKey: ['panel'] });
    await waitFor(() => {
      expect(screen.getByText(/not updating/)).toBeTruthy();
    });
    expect(screen.getByText(/61%/)).toBeTruthy();
  });

  it('whose data is not what its kind says breaks alone', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    serve({ [route]: () => ({ body: { as_of: '2026-11-22T12:00:00Z' } }) });
    await draw(
      <>
        <Panel panel={{ ...panel, kind: 'table' }} />
        <p>the rest</p>
      </>,
    );
    expect(await screen.findByText('This part of the page failed')).toBeTruthy();
    expect(screen.getByText('the rest')).toBeTruthy();
  });

  it('of a kind that this page does not know says so', async () => {
    serve({ [route]: () => ({ body: {} }) });
    await draw(<Panel panel={{ ...panel, kind: 'hologram' }} />);
    expect(await screen.findByText(/cannot show this panel/)).toBeTruthy();
  });
});
