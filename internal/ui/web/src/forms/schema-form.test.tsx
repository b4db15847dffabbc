import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { APIError } from '../api/error';
import type { JSONSchema } from '../api/types';
import { SchemaForm } from './schema-form';

const schema: JSONSchema = {
  type: 'object',
  required: ['interval'],
  properties: {
    interval: { type: 'string', format: 'duration', title: 'Interval' },
    size: { type: 'integer', title: 'Size', minimum: 1 },
    on: { type: 'boolean', title: 'On' },
    token: { type: 'string', writeOnly: true, title: 'Token' },
  },
};
const values = { interval: '2s', size: 3, on: true };

function form(refusal: unknown, onSubmit = vi.fn()) {
  return (
    <SchemaForm
      schema={schema}
      values={values}
      secrets={{ token: true }}
      below="/values"
      refusal={refusal}
      onSubmit={onSubmit}
    >
      <button type="submit">Go</button>
    </SchemaForm>
  );
}

describe('a form from a schema', () => {
  it('submits typed values, and no secret that was not typed', async () => {
    const submit = vi.fn();
    render(form(null, submit));
    await userEvent.clear(screen.getByLabelText('Size'));
    await userEvent.type(screen.getByLabelText('Size'), '8');
    await userEvent.click(screen.getByRole('button', { name: 'Go' }));
    await waitFor(() => {
      expect(submit).toHaveBeenCalledWith({ interval: '2s', size: 8, on: true });
    });
  });

  it('tells what the schema refuses and puts the focus there', async () => {
    const submit = vi.fn();
    render(form(null, submit));
    await userEvent.clear(screen.getByLabelText('Interval'));
    await userEvent.click(screen.getByRole('button', { name: 'Go' }));
    expect(await screen.findByText('This is needed.')).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByLabelText('Interval'));
    expect(submit).not.toHaveBeenCalled();
  });

  it("shows the server's sentence at its field, with the focus, and keeps what was typed", async () => {
    const drawn = render(form(null));
    await userEvent.type(screen.getByLabelText('Size'), '9');
    const errors = [
      { pointer: '/values/size', code: 'max', detail: 'must be at most 20' },
      { pointer: '/values/gone', code: 'x', detail: 'is not known' },
    ];
    drawn.rerender(form(new APIError(422, { errors })));
    const size = screen.getByLabelText('Size');
    await waitFor(() => {
      expect(size.getAttribute('aria-invalid')).toBe('true');
    });
    expect(document.activeElement).toBe(size);
    expect(size).toHaveProperty('value', '39');
    const described = size.getAttribute('aria-describedby') ?? '';
    expect(described.split(' ').map((id) => document.getElementById(id)?.textContent)).toContain(
      'Must be at most 20.',
    );
    expect(screen.getByRole('alert').textContent).toContain('Is not known.');
  });

  it('never holds a stored secret', () => {
    render(form(null));
    expect(screen.getByLabelText('Token')).toHaveProperty('value', '');
    expect(screen.getByText(/A value is stored and cannot be shown/)).toBeTruthy();
  });
});
