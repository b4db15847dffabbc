import { describe, expect, it } from 'vitest';
import type { Json } from './definition';
import { readRules, readTest, shares, withShare, writeRules, writeTest } from './rules';

const email = { var: 'email' };
const split = {
  fractional: [{ cat: [{ var: '$flagd.flagKey' }, email] }, ['on', 25], ['off', 75]],
};

describe('a targeting that the form can show is written as it was', () => {
  it.each<[string, Json | undefined, number]>([
    ['none', undefined, 0],
    ['one variant for everybody', 'on', 0],
    [
      'a split for everybody',
      {
        fractional: [
          ['a', 50],
          ['b', 50],
        ],
      },
      0,
    ],
    ['a split without weights', { fractional: [['a'], ['b']] }, 0],
    ['a split by an attribute', split, 0],
    ['a rule', { if: [{ '==': [email, 'a@b.c'] }, 'on', 'off'] }, 1],
    ['a rule without the rest', { if: [{ '==': [email, 'a@b.c'] }, 'on'] }, 1],
    ['a rule that serves the default', { if: [{ '!!': email }, null, 'off'] }, 1],
    ['two rules', { if: [{ $ref: 'staff' }, 'on', { '!': { $ref: 'bots' } }, split, null] }, 2],
    [
      'all of some tests',
      { if: [{ and: [{ in: ['x', { var: 'roles' }] }, { '<': [{ var: 'age' }, 18] }] }, 'on'] },
      1,
    ],
    ['any of some tests', { if: [{ or: [{ ends_with: [email, '@b.c'] }, { '!': email }] }, 'on'] }, 1],
  ])('%s', (_, targeting, rules) => {
    const read = readRules(targeting);
    expect(read?.rules).toHaveLength(rules);
    expect(writeRules(read ?? { rules: [] })).toEqual(targeting);
  });

  it('reads an empty one as none', () => {
    expect(readRules({})).toEqual({ rules: [] });
  });
});

describe('what the form cannot show stays as it is written', () => {
  const odd: Json = { '>': [{ '+': [{ var: 'a' }, 1] }, 2] };

  it.each<[string, Json]>([
    ['a test', { if: [odd, 'on', 'off'] }],
    ['a test among others', { if: [{ and: [{ '==': [email, 'x'] }, odd] }, 'on'] }],
    ['what is served', { if: [{ '!!': email }, { if: [odd, 'a', 'b'] }] }],
    ['a split by something odd', { fractional: [{ cat: ['x', email] }, ['a', 1], ['b', 1]] }],
    ['a variable with a default', { if: [{ '==': [{ var: ['email', 'none'] }, 'x'] }, 'on'] }],
    ['a list with an object', { if: [{ in: [email, [{ a: 1 }]] }, 'on'] }],
    ['a comparison with more', { if: [{ '==': [email, 'x', 'y'] }, 'on'] }],
    ['a strict comparison', { if: [{ '===': [email, 'x'] }, 'on'] }],
    ['something else on the whole', { '==': [1, 1] }],
    ['a branch alone', { if: ['on'] }],
  ])('%s', (_, targeting) => {
    const read = readRules(targeting);
    expect(read).toBeDefined();
    expect(writeRules(read ?? { rules: [] })).toEqual(targeting);
  });
});

describe('a test', () => {
  it.each<Json>([
    { in: [email, ['a', 'b']] },
    { '!': { in: [email, ['a', 1, true]] } },
    { in: ['@', email] },
    { '!': { in: ['@', email] } },
    { starts_with: [email, 'a'] },
    { sem_ver: [{ var: 'version' }, '>=', '1.2.3'] },
    { '!=': [{ var: 'age' }, 3] },
    { '>=': [{ var: '$flagd.timestamp' }, 1700000000] },
  ])('%j is one of an attribute', (node) => {
    const test = readTest(node);
    expect(test.kind).toBe('attribute');
    expect(writeTest(test)).toEqual(node);
  });
});

describe('shares', () => {
  const parts = [
    { variant: 'a', weight: 1 },
    { variant: 'b', weight: 1 },
    { variant: 'c', weight: 2 },
  ];

  it('are parts of 100, and a missing weight is 1', () => {
    expect(shares(parts)).toEqual([25, 25, 50]);
    expect(shares([{ variant: 'a' }, { variant: 'b' }])).toEqual([50, 50]);
    expect(shares([{ variant: 'a', weight: 0 }])).toEqual([0]);
  });

  it.each([
    [0, 40, [40, 20, 40]],
    [2, 100, [0, 0, 100]],
    [2, 0, [50, 50, 0]],
    [1, 33, [22, 33, 45]],
  ])('part %i with %i leaves the rest to the others', (index, percent, want) => {
    expect(withShare(parts, index, percent).map(({ weight }) => weight)).toEqual(want);
  });

  it('are even where the others had nothing', () => {
    const none = [
      { variant: 'a', weight: 100 },
      { variant: 'b', weight: 0 },
      { variant: 'c', weight: 0 },
    ];
    expect(withShare(none, 0, 50).map(({ weight }) => weight)).toEqual([50, 25, 25]);
  });
});
