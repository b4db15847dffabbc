import { describe, expect, it } from 'vitest';
import { operatorsOf, parse, write, writeAll, type Condition } from './filter';
import type { ResourceField } from './types';

const all = ['=', '!=', '<', '<=', '>', '>=', ':'];

function field(name: string, type: ResourceField['type'], operators = all): ResourceField {
  return { name, title: name, type, operators, list: true, filter: true, sort: true, read_only: false };
}

const fields = [
  field('name', 'text'),
  field('total', 'integer'),
  field('paid', 'boolean', ['=', '!=', ':']),
  field('tags', 'list', [':']),
  field('created_at', 'time'),
  { ...field('hidden', 'text'), filter: false },
];

describe('a filter', () => {
  it.each<[string, Condition[]]>([
    ['name:"ada*"', [{ field: 'name', operator: 'prefix', value: 'ada' }]],
    ['name = "a \\"b\\" \\\\ c"', [{ field: 'name', operator: 'eq', value: 'a "b" \\ c' }]],
    [
      'total >= 10 AND paid = true',
      [
        { field: 'total', operator: 'ge', value: '10' },
        { field: 'paid', operator: 'eq', value: 'true' },
      ],
    ],
    ['tags:"vip"', [{ field: 'tags', operator: 'has', value: 'vip' }]],
    ['name:*', [{ field: 'name', operator: 'set', value: '' }]],
    ['-created_at:*', [{ field: 'created_at', operator: 'unset', value: '' }]],
    [
      'created_at < "2026-01-31T12:00:00.000Z"',
      [{ field: 'created_at', operator: 'lt', value: '2026-01-31T12:00:00.000Z' }],
    ],
    ['name = "true story"', [{ field: 'name', operator: 'eq', value: 'true story' }]],
  ])('%s is written as it is read', (text, conditions) => {
    expect(parse(text, fields)).toEqual(conditions);
    expect(writeAll(conditions)).toBe(text);
  });

  it.each<[string, Condition[]]>([
    ['', []],
    ['name=ada', [{ field: 'name', operator: 'eq', value: 'ada' }]],
    ["name:'ada*'", [{ field: 'name', operator: 'prefix', value: 'ada' }]],
    ['name:ada', [{ field: 'name', operator: 'eq', value: 'ada' }]],
    ['NOT name:*', [{ field: 'name', operator: 'unset', value: '' }]],
    [
      'total>1   AND  total<5',
      [
        { field: 'total', operator: 'gt', value: '1' },
        { field: 'total', operator: 'lt', value: '5' },
      ],
    ],
  ])('%j by hand is understood', (text, conditions) => {
    expect(parse(text, fields)).toEqual(conditions);
  });

  it.each([
    'name = a OR name = b',
    '(name = a)',
    'NOT name = a',
    'unknown = 1',
    'hidden = 1',
    'name = a name = b',
    'name =',
    'name = a AND',
    'name = "a',
    'AND',
  ])('%s is more than the builder shows', (text) => {
    expect(parse(text, fields)).toBeNull();
  });
});

describe('the operators', () => {
  it('are those that make sense for the type and that the server takes', () => {
    const of = (name: string) => operatorsOf(fields.find((one) => one.name === name) ?? field('', 'text'));
    expect(of('name')).toEqual(['prefix', 'eq', 'ne', 'set', 'unset']);
    expect(of('paid')).toEqual(['eq', 'ne']);
    expect(of('tags')).toEqual(['has']);
    expect(of('created_at')).toEqual(['lt', 'le', 'gt', 'ge', 'set', 'unset']);
    expect(operatorsOf(field('x', 'integer', ['=']))).toEqual(['eq']);
  });

  it('write numbers and words so that neither is taken for the other', () => {
    expect(write({ field: 'total', operator: 'eq', value: '-4.5' })).toBe('total = -4.5');
    expect(write({ field: 'name', operator: 'eq', value: 'AND' })).toBe('name = "AND"');
  });
});
