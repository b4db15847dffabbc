import { QueryClient } from '@tanstack/react-query';
import { APIError } from '../api/error';
import type { PanelMeta } from '../api/types';

const now = Date.now();
const asOf = new Date(now).toISOString();
const times = Array.from({ length: 60 }, (_, index) => Math.round(now / 1000) - 60 + index);
const wave = (height: number, shift: number) =>
  times.map((_, index) => height * (1 + Math.sin((index + shift) / 9)));

/** A panel with what its module would answer: data, an error, or nothing yet. */
export interface Sample {
  meta: PanelMeta;
  data?: Record<string, unknown>;
  error?: APIError;
}

function sample(
  id: string,
  kind: string,
  data?: Record<string, unknown>,
  more: Partial<PanelMeta> = {},
): Sample {
  const meta = { module: 'gallery', id, title: id, kind, width: 1, refresh_seconds: 0, ranges: [], ...more };
  return { meta: meta as PanelMeta, ...(data && { data: { as_of: asOf, ...data } }) };
}

const columns = [
  { key: 'name', title: 'Name', kind: 'text' },
  { key: 'size', title: 'Size', kind: 'bytes' },
  { key: 'share', title: 'Share', kind: 'percent' },
];
const wide = { width: 2 };

/** Every kind of panel in every state. */
export const samples: Sample[] = [
  sample('Loading', 'stat'),
  { ...sample('Failed', 'stat'), error: new APIError(500) },
  { ...sample('Not allowed', 'stat'), error: new APIError(403) },
  sample('Of a newer kind', 'hologram', {}),
  sample('Stat', 'stat', {
    value: 61.26,
    unit: 'percent',
    delta: 4.2,
    delta_good: 'down',
    spark: wave(20, 0),
  }),
  sample('Falling, and good', 'stat', { value: 3.4e9, unit: 'bytes', delta: -1.5, delta_good: 'down' }),
  sample('Text', 'stat', { text: 'Healthy', note: 'Since Monday' }, { about: 'What this panel is about.' }),
  sample('With ranges', 'stat', { value: 271_000, unit: 'seconds' }, { ranges: ['15m', '1h', '24h', '7d'] }),
  sample(
    'Time series',
    'timeseries',
    {
      times,
      unit: 'percent',
      series: ['user', 'system', 'wait'].map((name, index) => ({
        name,
        values: wave(10 + index * 8, index * 7),
      })),
    },
    wide,
  ),
  sample(
    'Eight series',
    'timeseries',
    {
      times,
      series: Array.from({ length: 8 }, (_, index) => ({
        name: `s${String(index)}`,
        values: wave(5 + index * 4, index * 4),
      })),
    },
    wide,
  ),
  sample('Time series, empty', 'timeseries', { times: [], series: [] }, wide),
  sample(
    'Table',
    'table',
    {
      columns,
      rows: Array.from({ length: 5 }, (_, index) => ({
        name: `Disk ${String(index)}`,
        size: 2 ** (30 + index),
        share: index * 17,
      })),
    },
    wide,
  ),
  sample('Table, empty', 'table', { columns, rows: [] }, wide),
  sample(
    'Bars',
    'bar',
    {
      unit: 'percent',
      bars: [12, 61, 88].map((value, index) => ({ label: `/disk${String(index)}`, value })),
    },
    wide,
  ),
  sample('Bars, empty', 'bar', { bars: [] }, wide),
  sample(
    'Markdown',
    'markdown',
    {
      markdown:
        '## Heading\n\nA *paragraph* with `code`, a [link](https://example.com).\n\n- one\n- two\n\n> quoted',
    },
    wide,
  ),
  sample(
    'Form',
    'form',
    {
      schema: {
        type: 'object',
        required: ['text'],
        properties: {
          text: { type: 'string', title: 'Text', minLength: 3, description: 'At least three characters.' },
          level: { type: 'string', title: 'Level', enum: ['low', 'high'] },
          count: { type: 'integer', title: 'Count', minimum: 1, maximum: 9 },
          urgent: { type: 'boolean', title: 'Urgent' },
        },
      },
      values: { text: 'Hello', level: 'low', count: 3, urgent: false },
    },
    wide,
  ),
];

/** Moments near and far. */
export const moments = [0, 90, 7_200, 200_000, -7_200].map((ago) => new Date(now - ago * 1000).toISOString());

/** A cache that has the samples and asks no server. */
export function sampleClient(): QueryClient {
  const client = new QueryClient({ defaultOptions: { queries: { enabled: false } } });
  for (const { meta, data, error } of samples) {
    const queryKey = ['panel', meta.module, meta.id];
    if (data) client.setQueryData(queryKey, data);
    if (error) client.getQueryCache().build(client, { queryKey }).setState({ status: 'error', error });
  }
  return client;
}
