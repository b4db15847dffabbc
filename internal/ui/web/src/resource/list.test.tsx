import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { ResourceList } from './list';
import type { Description, ResourceField } from './types';

const operators = ['=', '!=', '<', '<=', '>', '>=', ':'];

function field(name: string, title: string, type: ResourceField['type'], more = {}): ResourceField {
  return { name, title, type, list: true, filter: true, operators, sort: true, read_only: false, ...more };
}

const about: Description = {
  module: 'shop',
  name: 'customers',
  title: 'Customers',
  singular: 'customer',
  path: 'api/v1/m/shop/customers',
  key: 'id',
  label: 'name',
  may: { create: true, update: true, delete: true, export: true },
  search: true,
  search_hint: 'Name',
  default_sort: 'name',
  fields: [
    field('id', 'ID', 'text'),
    field('plan', 'Plan', 'enum', { values: ['free', 'team'] }),
    field('name', 'Name', 'text'),
    field('seats', 'Seats', 'integer'),
  ],
  actions: [],
  export: ['csv'],
};

const ada = { id: 'c1', name: 'Ada', plan: 'team', seats: 12_000 };
const bob = { id: 'c2', name: 'Bob', plan: 'free', seats: 1 };
const at = 'GET api/v1/m/shop/customers';

function page(...items: object[]): () => Reply {
  return () => ({ body: { items } });
}

describe('a list', () => {
  it('names its items first, sets numbers at the end, and asks once', async () => {
    const seen = serve({ [`${at}?limit=50`]: page(ada, bob) });
    await draw(<ResourceList about={about} link={(_, label) => <a href="x">{label}</a>} />);
    const rows = await screen.findAllByRole('row');
    expect(rows.map((row) => row.textContent)).toEqual(['Name↑Plan↕Seats↕', 'Adateam12,000', 'Bobfree1']);
    expect(screen.getByRole('columnheader', { name: /Name/ }).getAttribute('aria-sort')).toBe('ascending');
    expect(screen.getByRole('columnheader', { name: /Seats/ }).className).toBe('end');
    expect(screen.getByRole('status', { name: '' }).textContent).toBe('Page 1, 2 rows');
    expect(seen).toHaveLength(1);
  });

  it('is sorted, paged forth and back by the server', async () => {
    const next = (cursor: string, item: object) => () => ({ body: { items: [item], next_cursor: cursor } });
    const seen = serve({
      [`${at}?limit=50`]: page(ada),
      [`${at}?sort=seats&limit=50`]: next('n1', bob),
      [`${at}?sort=seats&limit=50&cursor=n1`]: page(ada),
    });
    await draw(<ResourceList about={about} />);
    fireEvent.click(await screen.findByRole('button', { name: 'Seats' }));
    await screen.findByRole('cell', { name: 'Bob' });
    fireEvent.click(screen.getByRole('button', { name: 'Next' }));
    await screen.findByText('Page 2, 1 row');
    await waitFor(() => {
      expect(screen.getByRole('cell', { name: 'Ada' })).toBeTruthy();
    });
    expect(screen.getByRole('button', { name: 'Next' }).getAttribute('aria-disabled')).toBe('true');
    fireEvent.click(screen.getByRole('button', { name: 'Previous' }));
    await screen.findByText('Page 1, 1 row');
    expect(new Set(seen.map((one) => one.path)).size).toBe(3);
  });

  it('is filtered by what was chosen', async () => {
    const seen = serve({
      [`${at}?limit=50`]: page(ada, bob),
      [`${at}?filter=plan+%3D+%22free%22&limit=50`]: page(bob),
    });
    await draw(<ResourceList about={about} />);
    await screen.findByRole('cell', { name: 'Ada' });
    fireEvent.click(screen.getByRole('button', { name: 'Filter' }));
    fireEvent.change(screen.getByLabelText('Field'), { target: { value: 'plan' } });
    fireEvent.click(screen.getByRole('button', { name: 'Apply' }));
    await waitFor(() => {
      expect(screen.queryByRole('cell', { name: 'Ada' })).toBeNull();
    });
    expect(screen.getByRole('button', { name: 'Change the filter Plan is free' })).toBeTruthy();
    expect(document.activeElement?.textContent).toBe('Filter');
    fireEvent.click(screen.getByRole('button', { name: 'Remove the filter Plan is free' }));
    await screen.findByRole('cell', { name: 'Ada' });
    expect(seen.some((one) => one.path.includes('filter'))).toBe(true);
  });

  it('is searched while one types, and says when nothing matches', async () => {
    serve({ [`${at}?limit=50`]: page(ada), [`${at}?q=zz&limit=50`]: page() });
    await draw(<ResourceList about={about} />);
    await screen.findByRole('cell', { name: 'Ada' });
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'zz' } });
    expect(await screen.findByText('Nothing matches')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Show everything' }));
    await screen.findByRole('cell', { name: 'Ada' });
    expect(screen.getByRole('searchbox')).toHaveProperty('value', '');
  });

  it('says what is wrong with a filter and how to get out', async () => {
    const detail = 'There is no field nope to filter by.';
    serve({
      [`${at}?limit=50`]: page(ada),
      [`${at}?filter=nope+%3D+1&limit=50`]: () => problem(400, 'bad-filter', { detail }),
    });
    await draw(<ResourceList about={about} />);
    await screen.findByRole('cell', { name: 'Ada' });
    fireEvent.click(screen.getByRole('button', { name: 'Filter' }));
    fireEvent.click(screen.getByRole('button', { name: 'Write it as text' }));
    fireEvent.change(screen.getByLabelText('Filter as text'), { target: { value: 'nope = 1' } });
    fireEvent.click(screen.getByRole('button', { name: 'Apply' }));
    expect(await screen.findByText(detail)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Remove search, filter and order' }));
    await screen.findByRole('cell', { name: 'Ada' });
  });

  it('keeps selected what an action could not do, and says why', async () => {
    const seen = serve({
      [`${at}?limit=50`]: page(ada, bob),
      'POST api/v1/m/shop/customers/actions/delete': () => ({
        body: {
          results: [
            { id: 'c1', ok: true },
            { id: 'c2', ok: false, error: { code: 'in-use', detail: 'It has open invoices.' } },
          ],
        },
      }),
    });
    await draw(<ResourceList about={about} />);
    fireEvent.click(await screen.findByRole('checkbox', { name: 'Select all rows of this page' }));
    const bar = screen.getByRole('group', { name: 'Selected rows' });
    expect(bar.textContent).toContain('2 selected');
    fireEvent.click(within(bar).getByRole('button', { name: 'Delete' }));
    const dialog = await screen.findByRole('dialog', { name: 'Delete: 2 items?' });
    await act(async () => {
      fireEvent.click(within(dialog).getByRole('button', { name: 'Delete' }));
      await Promise.resolve();
    });
    expect((await within(dialog).findByRole('alert')).textContent).toContain('Bob It has open invoices.');
    expect(seen.find((one) => one.method === 'POST')?.body).toEqual({ ids: ['c1', 'c2'] });
    fireEvent.click(within(dialog).getByRole('button', { name: 'Close' }));
    expect(screen.getByRole('group', { name: 'Selected rows' }).textContent).toContain('1 selected');
    expect(screen.getByRole('checkbox', { name: 'Select Bob' })).toHaveProperty('checked', true);
  });

  it('that did not come can be asked for again', async () => {
    let broken = true;
    serve({ [`${at}?limit=50`]: () => (broken ? problem(500, 'internal') : page(ada)()) });
    await draw(<ResourceList about={about} />);
    const again = await screen.findByRole('button', { name: 'Try again' });
    broken = false;
    fireEvent.click(again);
    expect(await screen.findByRole('cell', { name: 'Ada' })).toBeTruthy();
  });
});
