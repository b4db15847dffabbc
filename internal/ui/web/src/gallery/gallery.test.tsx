import { screen, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { Gallery } from '../screens/gallery';
import { draw } from '../testing/render';
import { samples } from './sample';

it('shows every component and every panel without asking a server', async () => {
  const asked = vi.fn();
  vi.stubGlobal('fetch', asked);
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {
        return;
      }
      disconnect() {
        return;
      }
    },
  );
  // What a boundary shows is told to the console as well.
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await draw(<Gallery />);
  for (const name of ['Buttons', 'Fields', 'Badges and moments', 'Notices', 'Flags', 'Panels'])
    expect(screen.getByRole('region', { name })).toBeTruthy();
  const panels = within(screen.getByRole('region', { name: 'Panels' }));
  for (const { meta } of samples) expect(panels.getByRole('heading', { name: meta.title })).toBeTruthy();
  expect(panels.getByText('This panel failed. The rest of the page still works.')).toBeTruthy();
  expect(screen.getByText('This part of the page failed')).toBeTruthy();
  expect(screen.getByText('There is a new version')).toBeTruthy();
  expect(asked).not.toHaveBeenCalled();
});
