import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { JSONSchema } from '../api/types';
import { draw } from '../testing/render';
import { serve } from '../testing/server';
import { SettingsHistory } from './settings-history';

const schema: JSONSchema = {
  type: 'object',
  properties: {
    high: { type: 'string', format: 'duration', title: 'High priority' },
    smtp: { type: 'object', title: 'Mail', properties: { host: { type: 'string', title: 'Server' } } },
  },
};
const changes = [
  { field: 'high', before: '4h0m0s', after: '2h', secret: false },
  { field: 'smtp.host', before: 'a', after: 'b', secret: false },
  { field: 'max_age', before: 1, after: 2, secret: false },
];

it('calls fields what the form calls them', async () => {
  serve({
    'GET api/v1/modules/helpdesk/settings/history': () => ({
      body: { items: [{ version: 1, at: '2026-11-28T19:00:00Z', actor: 'u1', changes }] },
    }),
  });
  const latest = { values: {}, secrets: {}, version: 1, etag: '"1"' };
  await draw(<SettingsHistory id="helpdesk" schema={schema} latest={latest} />);
  const labels = (await screen.findAllByRole('term')).map((term) => term.textContent);
  expect(labels).toEqual(['High priority', 'Mail: Server', 'Max age']);
});
