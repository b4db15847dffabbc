import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { draw } from '../testing/render';
import { problem, serve, type Seen } from '../testing/server';
import { APIDocs } from './api-docs';
import type { RawDocument } from './openapi';

const api: RawDocument = {
  info: { title: 'Acme', version: '1.0.0' },
  tags: [{ name: 'dashboard' }, { name: 'shop' }],
  paths: {
    '/api/v1/audit': {
      get: {
        operationId: 'audit',
        summary: 'What was done',
        tags: ['dashboard'],
        'x-permission': 'dashboard.audit.read',
        parameters: [
          { name: 'limit', in: 'query', schema: { type: 'integer', default: 50, maximum: 200 } },
          { name: 'deep', in: 'query', schema: { type: 'boolean' } },
        ],
        responses: {
          '200': {
            description: 'OK',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Tree' } } },
          },
        },
      },
    },
    '/api/v1/m/shop/customers/{id}': {
      delete: {
        operationId: 'delete-customer',
        summary: 'Delete a customer',
        deprecated: true,
        'x-deprecated-since': '2026-01-01T00:00:00Z',
        'x-sunset': '2027-01-01T12:00:00Z',
        tags: ['shop'],
        responses: { '204': { description: 'No Content' } },
      },
      get: {
        operationId: 'customer',
        summary: 'One customer',
        tags: ['shop'],
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { '200': { description: 'OK' } },
      },
    },
  },
  components: {
    schemas: {
      Tree: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          leaf: { $ref: '#/components/schemas/Leaf' },
          branches: { type: 'array', items: { $ref: '#/components/schemas/Tree' } },
        },
      },
      Leaf: { type: 'object', properties: { color: { type: 'string', enum: ['green', 'brown'] } } },
    },
  },
};

describe('the pages of the API', () => {
  let seen: Seen[];

  beforeEach(() => {
    seen = serve({
      'GET api/v1/openapi.json': () => ({ body: api }),
      'GET api/v1/audit?limit=5': () => ({
        body: { items: ['one'] },
        headers: { 'Content-Type': 'application/json', ETag: '"7"' },
      }),
      'GET api/v1/m/shop/customers/a%2Fb': () => ({
        ...problem(404, 'not-found'),
        headers: { 'Content-Type': 'application/problem+json' },
      }),
    });
  });

  it('begin with what it is and every operation by its group', async () => {
    await draw(<APIDocs />);
    expect(await screen.findByRole('heading', { name: 'Acme 1.0.0' })).toBeTruthy();
    expect(screen.getByText(/3 operations/)).toBeTruthy();
    expect(screen.getByRole('link', { name: /What was done/ }).getAttribute('href')).toBe('/?op=audit');
  });

  it('show the operation that the address names', async () => {
    await draw(<APIDocs />, '/?op=audit');
    const article = await screen.findByRole('article', { name: 'What was done' });
    expect(within(article).getByText('dashboard.audit.read')).toBeTruthy();
    expect(within(article).getByText(/≤ 200 · default 50/)).toBeTruthy();
    expect(within(article).getByText(/Authorization: Bearer/)).toBeTruthy();
  });

  it('open nested schemas level by level, and end where one contains itself', async () => {
    await draw(<APIDocs />, '/?op=audit');
    const article = await screen.findByRole('article');
    expect(within(article).queryByText('color')).toBeNull();
    const leaf = article.querySelector('details:has(summary) summary') as HTMLElement;
    fireEvent.click(leaf);
    const details = leaf.parentElement as HTMLDetailsElement;
    details.open = true;
    fireEvent(details, new Event('toggle'));
    expect(await within(article).findByText('color')).toBeTruthy();
    expect(within(article).getByText('"green"')).toBeTruthy();
    expect(within(article).getByText('contains itself')).toBeTruthy();
  });

  it('follow a link to a schema and take the focus there', async () => {
    await draw(<APIDocs />, '/?op=audit');
    fireEvent.click(within(await screen.findByRole('article')).getByRole('link', { name: 'Tree' }));
    const heading = await screen.findByRole('heading', { name: 'Tree' });
    await waitFor(() => {
      expect(document.activeElement).toBe(heading);
    });
  });

  it('are searched by what an operation is about', async () => {
    const { router } = await draw(<APIDocs />);
    const search = await screen.findByLabelText('Search the API');
    fireEvent.change(search, { target: { value: 'customer' } });
    expect(await screen.findByText('2 operations')).toBeTruthy();
    expect(screen.queryByRole('link', { name: /What was done/ })).toBeNull();
    expect(router.state.location.search).toEqual({ q: 'customer' });
    fireEvent.change(search, { target: { value: 'zebra' } });
    expect(await screen.findByText('Nothing has these words.')).toBeTruthy();
  });

  it('say what is deprecated, and what is not there', async () => {
    const { unmount } = await draw(<APIDocs />, '/?op=delete-customer');
    const article = await screen.findByRole('article');
    expect(within(article).getByText('Deprecated')).toBeTruthy();
    expect(within(article).getByText(/Deprecated since .*It ends on January 1, 2027\./)).toBeTruthy();
    expect(within(article).queryByRole('button', { name: 'Send' })).toBeNull();
    unmount();
    await draw(<APIDocs />, '/?op=gone');
    expect(await screen.findByText(/There is no “gone”/)).toBeTruthy();
  });

  it('try a reading operation with what was entered', async () => {
    await draw(<APIDocs />, '/?op=audit');
    fireEvent.change(await screen.findByLabelText('limit'), { target: { value: '5' } });
    fireEvent.click(screen.getByRole('button', { name: 'Send' }));
    const answer = await screen.findByRole('region', { name: 'The answer' });
    expect(answer.textContent).toContain('"items": [\n    "one"');
    expect(screen.getByText(/ETag "7"/)).toBeTruthy();
    expect(seen.at(-1)?.path).toBe('api/v1/audit?limit=5');
  });

  it('ask for what a path needs, and show a refusal as it is', async () => {
    await draw(<APIDocs />, '/?op=customer');
    const field = await screen.findByLabelText('id (required)');
    fireEvent.change(field, { target: { value: 'a/b' } });
    fireEvent.click(screen.getByRole('button', { name: 'Send' }));
    expect(await screen.findByText(/^404/)).toBeTruthy();
    expect(screen.getByRole('region', { name: 'The answer' }).textContent).toContain('not-found');
    fireEvent.change(field, { target: { value: 'elsewhere' } });
    fireEvent.click(screen.getByRole('button', { name: 'Send' }));
    expect(await screen.findByText('No answer')).toBeTruthy();
  });
});
