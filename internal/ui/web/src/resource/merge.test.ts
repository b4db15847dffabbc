import { expect, it } from 'vitest';
import { fieldsOf } from '../forms/schema';
import { mergePatch } from './merge';

const fields = fieldsOf({
  type: 'object',
  properties: {
    name: { type: 'string' },
    note: { type: ['string', 'null'] },
    seats: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
    limits: { type: 'object', properties: { burst: { type: 'integer' }, rate: { type: 'integer' } } },
    token: { type: 'string', writeOnly: true },
  },
});
const before = { id: 'x', name: 'a', note: null, seats: 3, tags: ['a'], limits: { burst: 1, rate: 2 } };

it('names only what changed', () => {
  const after = { name: 'b', note: '', seats: 3, tags: ['a', 'b'], limits: { burst: 1, rate: 5 } };
  expect(mergePatch(fields, before, after)).toEqual({ name: 'b', tags: ['a', 'b'], limits: { rate: 5 } });
});

it('takes away what was emptied', () => {
  expect(
    mergePatch(fields, before, { name: 'a', note: '', tags: ['a'], limits: { burst: 1, rate: 2 } }),
  ).toEqual({
    seats: null,
  });
});

it('leaves a secret alone that nobody typed', () => {
  const same = { name: 'a', note: '', seats: 3, tags: ['a'], limits: { burst: 1, rate: 2 } };
  expect(mergePatch(fields, before, same)).toEqual({});
  expect(mergePatch(fields, before, { ...same, token: 'new' })).toEqual({ token: 'new' });
});
