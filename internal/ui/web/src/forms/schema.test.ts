import { describe, expect, it } from 'vitest';
import type { JSONSchema } from '../api/types';
import { check, differences, fieldOf, fieldsOf, fromControls, isDuration, toControls, words } from './schema';

const schema: JSONSchema = {
  type: 'object',
  required: ['interval', 'size'],
  $defs: { Level: { type: 'string', enum: ['low', 'high'] } },
  properties: {
    interval: { type: 'string', format: 'duration', title: 'Interval' },
    size: { type: 'integer', minimum: 1, maximum: 50 },
    ratio: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    on: { type: 'boolean' },
    level: { $ref: '#/$defs/Level' },
    hosts: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2 },
    name: { type: ['string', 'null'], minLength: 2, maxLength: 4, pattern: '^[a-z]+$' },
    note: { type: 'string', maxLength: 2000 },
    alert: {
      type: 'object',
      properties: { token: { type: 'string', writeOnly: true, minLength: 8 }, 'a/b': { type: 'string' } },
    },
    anything: {},
    id: { type: 'string', readOnly: true },
  },
};
const fields = fieldsOf(schema);
const field = (name: string) => {
  const found = [...fields, ...(fields.find((one) => one.name === 'alert')?.fields ?? [])].find(
    (one) => one.name === name,
  );
  if (!found) throw new Error(`no field ${name}`);
  return found;
};

describe('fields', () => {
  it('have a control for every kind of value', () => {
    expect(Object.fromEntries(fields.map((one) => [one.name, one.control]))).toEqual({
      interval: 'duration',
      size: 'number',
      ratio: 'number',
      on: 'boolean',
      level: 'choice',
      hosts: 'lines',
      name: 'text',
      note: 'long',
      alert: 'group',
      anything: 'json',
    });
    expect(field('alert.token').control).toBe('secret');
  });

  it('have pointers as RFC 6901 writes them', () => {
    expect(field('alert.a/b').pointer).toBe('/alert/a~1b');
  });

  it('are labeled in words', () => {
    expect(words('max_open-files')).toBe('Max open files');
    expect(words('maxOpenFiles')).toBe('Max Open Files');
  });
});

describe('a rule', () => {
  it.each([
    ['interval', '2s', ''],
    ['interval', 'soon', 'Write a duration'],
    ['interval', '', 'needed'],
    ['size', '7', ''],
    ['size', '7.5', 'whole'],
    ['size', 'x', 'number'],
    ['size', '0', 'at least 1'],
    ['size', '51', 'at most 50'],
    ['size', '', 'needed'],
    ['ratio', '0', 'more than 0'],
    ['ratio', '1', 'less than 1'],
    ['ratio', '0.5', ''],
    ['on', false, ''],
    ['hosts', '', 'needed'],
    ['hosts', 'a\nb', ''],
    ['hosts', 'a\n\nb\nc', 'At most 2 lines'],
    ['name', 'a', 'at least 2'],
    ['name', 'abcde', 'At most 4'],
    ['name', 'A1', 'form'],
    ['note', '', ''],
    ['alert.token', '', ''],
    ['alert.token', 'short', 'at least 8'],
    ['anything', '{', 'JSON'],
    ['anything', '[1]', ''],
  ])('of %s judges %j', (name, raw, want) => {
    const got = check(field(name), raw);
    if (want === '') expect(got).toBe('');
    else expect(got).toContain(want);
  });

  it('that another engine wrote is left to the server', () => {
    expect(check({ ...field('name'), schema: { type: 'string', pattern: '(?P<x>a)' } }, 'zz')).toBe('');
  });
});

describe('durations', () => {
  it.each(['0', '2s', '1m30s', '1.5h', '500ms', '3µs', '-2s'])('%s is one', (text) => {
    expect(isDuration(text)).toBe(true);
  });

  it.each(['', '2', 's', '2 s', '1m 30s', '1d', '2s-1s'])('%j is none', (text) => {
    expect(isDuration(text)).toBe(false);
  });
});

describe('values', () => {
  const values = {
    interval: '2s',
    size: 7,
    on: true,
    level: 'low',
    hosts: ['a', 'b'],
    name: 'ab',
    note: '',
    alert: { 'a/b': 'x' },
    anything: { deep: [1] },
  };

  it('come back as they went into the controls', () => {
    expect(fromControls(fields, toControls(fields, values))).toEqual(values);
  });

  it('of a secret are absent unless typed', () => {
    const raw = toControls(fields, values);
    expect(fromControls(fields, raw)['alert']).not.toHaveProperty('token');
    (raw['alert'] as Record<string, unknown>)['token'] = 'a new token';
    expect(fromControls(fields, raw)['alert']).toHaveProperty('token', 'a new token');
  });

  it('default to what the schema says', () => {
    const [only] = fieldsOf({ type: 'object', properties: { a: { type: 'integer', default: 3 } } });
    expect(only && toControls([only], {})).toEqual({ a: '3' });
  });
});

describe("the server's problems", () => {
  const at = (pointer: string) => fieldOf(fields, { pointer, code: '', detail: '' }, '/values')?.name;

  it.each([
    ['/values/interval', 'interval'],
    ['/values/alert/token', 'alert.token'],
    ['/values/hosts/1', 'hosts'],
    ['/interval', 'interval'],
    ['/values/unknown', undefined],
    ['', undefined],
  ])('at %s belong to %s', (pointer, want) => {
    expect(at(pointer)).toBe(want);
  });
});

describe('differences', () => {
  it('are told field by field, secrets without their value', () => {
    const before = { interval: '2s', on: true, hosts: ['a'], alert: { 'a/b': 'x' } };
    const after = { interval: '1s', on: false, hosts: ['a'], alert: { 'a/b': 'x', token: 'sesame open' } };
    expect(differences(fields, before, after)).toEqual([
      { label: 'Interval', before: '2s', after: '1s' },
      { label: 'On', before: 'Yes', after: 'No' },
      { label: 'Alert: Token', before: 'Stored value', after: 'New value' },
    ]);
  });
});
