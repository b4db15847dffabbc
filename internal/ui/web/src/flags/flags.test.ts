import { describe, expect, it } from 'vitest';
import { renameVariant, withMetadata, type Definition, type Json } from './definition';
import { diffLines, nearChanges } from '../versions/diff';
import { readList, readLiteral, writeList, writeLiteral } from './literals';
import { readPrerequisites, readSchedule, writePrerequisites, writeSchedule } from './schedule';

describe('a literal', () => {
  it.each<[string, Json]>([
    ['true', true],
    ['12', 12],
    ['-1.5e3', -1500],
    ['007', '007'],
    ['hello there', 'hello there'],
    ['"12"', '12'],
    ['"', '"'],
    ['', ''],
  ])('%s', (text, value) => {
    expect(readLiteral(text)).toEqual(value);
  });

  it.each<Json>(['12', 'true', 'plain', ' padded ', '"quoted"', 3, false, ''])(
    '%j is written so that it is read again',
    (value) => {
      expect(readLiteral(writeLiteral(value))).toEqual(value);
    },
  );

  it.each<Json[][]>([[[]], [['a', 'b']], [['a, b', '1', 1, true]], [['', 'x"y']]])(
    'a list of %j',
    (values) => {
      expect(readList(writeList(values))).toEqual(values);
    },
  );
});

describe('a difference', () => {
  const kinds = (before: string, after: string) =>
    diffLines(before, after).map(({ kind, text }) => `${{ same: ' ', gone: '-', new: '+' }[kind]}${text}`);

  it.each([
    ['a\nb\nc', 'a\nb\nc', [' a', ' b', ' c']],
    ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
    ['a\nb\nc', 'b\nc\nd', ['-a', ' b', ' c', '+d']],
    ['a\nb', 'b\na', ['-a', ' b', '+a']],
    ['a', 'a\na', [' a', '+a']],
  ])('%j and %j', (before, after, want) => {
    expect(kinds(before, after)).toEqual(want);
  });

  it('leaves out what is far from a change', () => {
    const before = Array.from({ length: 30 }, (_, n) => String(n)).join('\n');
    const near = nearChanges(diffLines(before, before.replace('15', 'x')));
    expect(near[0]).toBeNull();
    expect(near.at(-1)).toBeNull();
    expect(near).toHaveLength(2 + 6 + 2);
  });
});

describe('a schedule', () => {
  it.each([
    '[{"at":"2026-03-01T09:00:00Z","percent":10},{"at":"2026-03-08","state":"on"}]',
    '[{"at":"2026-03-01","variant":"b"}]',
    '[{"at":"2026-03-01","percent":5,"variant":"b"}]',
  ])('%s is written as it was', (text) => {
    expect(writeSchedule(readSchedule(text) ?? [])).toBe(text);
  });

  it.each(['{}', '[1]', '[{"at":"2026-03-01"}]', '[{"at":"2026-03-01","state":"maybe"}]', 'no'])(
    '%s stays as it is written',
    (text) => {
      expect(readSchedule(text)).toBeUndefined();
    },
  );

  it('is nothing when it is empty', () => {
    expect(readSchedule('')).toEqual([]);
    expect(writeSchedule([])).toBeUndefined();
  });
});

it('prerequisites are pairs', () => {
  const list = readPrerequisites('other/flag=on, third = beta');
  expect(list).toEqual([
    { key: 'other/flag', variant: 'on' },
    { key: 'third', variant: 'beta' },
  ]);
  expect(writePrerequisites(list)).toBe('other/flag=on, third=beta');
  expect(writePrerequisites([])).toBeUndefined();
});

describe('a definition', () => {
  const definition: Definition = {
    state: 'ENABLED',
    variants: { on: true, off: false },
    defaultVariant: 'on',
    targeting: {
      if: [
        { '==': [{ var: 'mode' }, 'on'] },
        'on',
        { $ref: 'on' },
        {
          fractional: [
            ['on', 1],
            ['off', 1],
          ],
        },
        'on',
      ],
    },
    metadata: { killedVariant: 'on', odd: 1 },
    more: 'stays',
  };

  it('has a variant renamed where one is served, and nowhere else', () => {
    expect(renameVariant(definition, 'on', 'yes')).toEqual({
      state: 'ENABLED',
      variants: { yes: true, off: false },
      defaultVariant: 'yes',
      targeting: {
        if: [
          { '==': [{ var: 'mode' }, 'on'] },
          'yes',
          { $ref: 'on' },
          {
            fractional: [
              ['yes', 1],
              ['off', 1],
            ],
          },
          'yes',
        ],
      },
      metadata: { killedVariant: 'yes', odd: 1 },
      more: 'stays',
    });
  });

  it('has no metadata when there is none', () => {
    expect(withMetadata({ metadata: { owner: 'a' } }, { owner: undefined })).toEqual({});
    expect(withMetadata({}, { owner: 'a' })).toEqual({ metadata: { owner: 'a' } });
  });
});
