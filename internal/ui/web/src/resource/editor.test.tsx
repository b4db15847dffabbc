import { useQuery } from '@tanstack/react-query';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { JSONSchema } from '../api/types';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { CreateDialog } from './create-dialog';
import { DeleteButton } from './delete-button';
import { ItemEditor } from './editor';
import { itemQuery } from './queries';
import type { Description } from './types';

const schema: JSONSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', title: 'Name', minLength: 1 },
    seats: { type: ['integer', 'null'], title: 'Seats' },
  },
};
const about: Description = {
  module: 'shop',
  name: 'customers',
  title: 'Customers',
  singular: 'customer',
  path: 'api/v1/m/shop/customers',
  key: 'id',
  label: 'name',
  may: { create: true, update: true, delete: true, export: true },
  search: false,
  fields: [],
  actions: [],
  export: [],
};
const at = 'api/v1/m/shop/customers';

function item(version: number, more: object = {}): Reply {
  return { body: { id: 'c1', name: 'Ada', seats: 3, ...more }, headers: { ETag: `"${String(version)}"` } };
}

function Screen() {
  const latest = useQuery(itemQuery(about, 'c1')).data;
  return latest && <ItemEditor about={about} id="c1" schema={schema} latest={latest} />;
}

const type = (label: string, value: string) => {
  fireEvent.input(screen.getByLabelText(label), { target: { value } });
};

async function save() {
  fireEvent.click(screen.getByRole('button', { name: 'Review and save' }));
  fireEvent.click(await screen.findByRole('button', { name: 'Save' }));
}

describe('the editor of an item', () => {
  it('sends what was changed, on the version it was seen in', async () => {
    const seen = serve({
      [`GET ${at}/c1`]: () => item(1),
      [`PATCH ${at}/c1`]: () => item(2, { seats: 5 }),
    });
    await draw(<Screen />);
    await screen.findByLabelText('Seats');
    type('Seats', '5');
    fireEvent.click(screen.getByRole('button', { name: 'Review and save' }));
    expect((await screen.findByRole('dialog')).textContent).toMatch(/Seats.*3.*5/);
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(seen.find((one) => one.method === 'PATCH')).toMatchObject({
      headers: { 'If-Match': '"1"' },
      body: { seats: 5 },
    });
    expect(screen.getByLabelText('Seats')).toHaveProperty('value', '5');
  });

  it("puts the server's refusal at its field, which has the focus", async () => {
    serve({
      [`GET ${at}/c1`]: () => item(1),
      [`PATCH ${at}/c1`]: () =>
        problem(422, 'invalid-input', {
          errors: [{ pointer: '/seats', code: 'max', detail: 'must be at most 4' }],
        }),
    });
    await draw(<Screen />);
    await screen.findByLabelText('Seats');
    type('Seats', '5');
    await save();
    expect(await screen.findByText('Must be at most 4.')).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(document.activeElement).toBe(screen.getByLabelText('Seats'));
  });

  it('shows what somebody else changed, and saves over it only when told to', async () => {
    let theirs = item(1);
    const seen = serve({
      [`GET ${at}/c1`]: () => theirs,
      [`PATCH ${at}/c1`]: (request) => {
        if (request.headers['If-Match'] === '"2"') return item(3, { name: 'Bob', seats: 5 });
        theirs = item(2, { name: 'Bob' });
        return problem(412, 'changed-meanwhile');
      },
    });
    await draw(<Screen />);
    await screen.findByLabelText('Seats');
    type('Seats', '5');
    await save();
    await waitFor(() => {
      expect(screen.getByRole('alert').textContent).toMatch(/Someone else changed this.*Name.*Ada.*Bob/);
    });
    expect(screen.getByLabelText('Seats')).toHaveProperty('value', '5');
    fireEvent.click(screen.getByRole('button', { name: 'Keep my values and review again' }));
    type('Name', 'Bob');
    await save();
    await waitFor(() => {
      expect(seen.filter((one) => one.method === 'PATCH')).toHaveLength(2);
    });
    expect(seen.findLast((one) => one.method === 'PATCH')).toMatchObject({
      headers: { 'If-Match': '"2"' },
      body: { seats: 5 },
    });
  });

  it('loads the saved values instead when that is wanted', async () => {
    let theirs = item(1);
    serve({
      [`GET ${at}/c1`]: () => theirs,
      [`PATCH ${at}/c1`]: () => {
        theirs = item(2, { name: 'Bob' });
        return problem(412, 'changed-meanwhile');
      },
    });
    await draw(<Screen />);
    await screen.findByLabelText('Seats');
    type('Seats', '5');
    await save();
    fireEvent.click(await screen.findByRole('button', { name: 'Load the saved ones' }));
    expect(screen.getByLabelText('Name')).toHaveProperty('value', 'Bob');
    expect(screen.getByLabelText('Seats')).toHaveProperty('value', '3');
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('a new item', () => {
  it('is refused at its fields and made when they are right', async () => {
    const created = vi.fn();
    let taken = true;
    serve({
      [`POST ${at}`]: () =>
        taken
          ? problem(422, 'invalid-input', {
              errors: [{ pointer: '/name', code: 'taken', detail: 'is taken' }],
            })
          : { status: 201, body: { id: 'c9', name: 'Eve' } },
    });
    await draw(<CreateDialog about={about} schema={schema} onClose={vi.fn()} onCreated={created} />);
    fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    expect(await screen.findByText('This is needed.')).toBeTruthy();
    type('Name', 'Eve');
    fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    expect(await screen.findByText('Is taken.')).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByLabelText('Name'));
    taken = false;
    type('Name', 'Eva');
    fireEvent.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() => {
      expect(created).toHaveBeenCalledWith({ id: 'c9', name: 'Eve' });
    });
  });
});

describe('deleting', () => {
  it('asks first and leaves alone what somebody changed meanwhile', async () => {
    const deleted = vi.fn();
    let stale = true;
    const seen = serve({
      [`DELETE ${at}/c1`]: () => (stale ? problem(412, 'changed-meanwhile') : { status: 204 }),
    });
    await draw(<DeleteButton about={about} id="c1" label="Ada" etag={'"1"'} onDeleted={deleted} />);
    fireEvent.click(screen.getByRole('button', { name: 'Delete' }));
    const dialog = await screen.findByRole('dialog', { name: 'Delete Ada?' });
    const confirm = () => {
      const [button] = [...dialog.querySelectorAll('button')].filter((one) => one.textContent === 'Delete');
      if (button) fireEvent.click(button);
    };
    confirm();
    expect(await screen.findByText('Someone else changed this')).toBeTruthy();
    expect(deleted).not.toHaveBeenCalled();
    stale = false;
    confirm();
    await waitFor(() => {
      expect(deleted).toHaveBeenCalled();
    });
    expect(seen[0]?.headers).toMatchObject({ 'If-Match': '"1"' });
  });
});
