import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Gateway } from '../screens/ai';
import { Playground } from '../screens/ai-try';
import { draw } from '../testing/render';
import { serve, type Reply } from '../testing/server';
import { AINav } from './nav';
import type { Providers, UsageReport } from './types';
import { daysUntil } from './usage';

const nothing = { requests: 0, errors: 0, cached: 0, input: 0, output: 0, p50_ms: 0, p95_ms: 0 };
const unused: UsageReport = {
  from: '',
  to: '',
  items: [],
  total: { ...nothing, cost: { micros: 0, currency: '', unknown: false } },
};
const providers: Providers = {
  items: [
    {
      name: 'openai',
      state: 'open',
      requests: 7,
      failures: 5,
      in_flight: 0,
      p50_ms: 250,
      p95_ms: 1_500,
      last_error: { kind: 'overloaded', at: new Date().toISOString() },
      keys: [
        { name: '1', state: 'open' },
        { name: '2', state: 'degraded' },
      ],
      models: [],
    },
    {
      name: 'ollama',
      state: 'unknown',
      requests: 0,
      failures: 0,
      in_flight: 0,
      p50_ms: 0,
      p95_ms: 0,
      keys: [{ name: '', state: 'unknown' }],
      models: [],
    },
  ],
  fallbacks: 5,
  cache: { hits: 0, misses: 0, shared: 0, semantic: 0 },
  routers: [{ name: 'support', arms: [{ name: 'fast', asked: 12, mean: 0.8, weight: 3 }] }],
  dropped: 3,
};
const { from, to } = daysUntil(Date.now(), 7);

function asked(answer: Reply, permissions = ['dashboard.ai.read', 'dashboard.ai.use']) {
  const usage = (by: string) => `GET api/v1/ai/usage?${new URLSearchParams({ by, from, to }).toString()}`;
  return serve({
    'GET api/v1/auth/me': () => ({ body: { permissions } }),
    'GET api/v1/ai/providers': () => answer,
    'GET api/v1/ai/models': () => answer,
    [usage('day')]: () => ({ body: unused }),
    [usage('model')]: () => ({ body: unused }),
  });
}

describe('the gateway', () => {
  it('says how providers do, what routers send where, and what was lost', async () => {
    asked({ body: providers });
    await draw(<Gateway />);
    const row = (await screen.findByText('openai')).closest('li') as HTMLElement;
    expect(row.textContent).toContain('7 calls · 5 failed · half begin within 250 ms, 95% within 1.5 s');
    for (const text of ['Down', 'overloaded', '1', '2']) expect(within(row).getByText(text)).toBeTruthy();
    const other = screen.getByText('ollama').closest('li') as HTMLElement;
    expect(other.textContent).toBe('ollamaNot asked yet');
    expect(screen.getByText('80% · chosen 12 times')).toBeTruthy();
    expect(screen.getByText(/^3 records of this instance were lost/)).toBeTruthy();
    expect(screen.getByText('Nothing was asked in these days.')).toBeTruthy();
  });

  it.each([
    ['the gateway', <Gateway />],
    ['the playground', <Playground />],
  ])('without a provider %s says what configures one, and asks no more', async (_, page) => {
    const seen = asked({ body: { ...providers, items: [], routers: [] } });
    await draw(page);
    expect(await screen.findByText('No provider of models is configured')).toBeTruthy();
    expect(screen.getByText('OPENAI_API_KEY')).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
    expect(seen.filter(({ path }) => /providers|models/.test(path))).toHaveLength(1);
  });
});

it.each([
  [['dashboard.ai.use'], ['Playground']],
  [['dashboard.ai.read'], ['Gateway', 'Requests', 'Budgets and access', 'Prompts', 'Feedback']],
])('with %s there is a way to %s', async (permissions, want) => {
  asked({ body: { items: [] } }, permissions);
  await draw(<AINav />);
  await screen.findByRole('link', { name: want[0] as string });
  expect(screen.getAllByRole('link').map((link) => link.textContent)).toEqual(want);
});
