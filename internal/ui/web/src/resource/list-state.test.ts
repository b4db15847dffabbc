import { describe, expect, it } from 'vitest';
import { fromSearch, nextSort, parseSort, toSearch } from './list-state';

describe('the address of a list', () => {
  const usual = { q: '', sort: '', filter: '', cursor: '', limit: 50 };

  it('says nothing of what is usual', () => {
    expect(toSearch(usual)).toEqual({});
    expect(fromSearch({})).toEqual(usual);
  });

  it('says the rest, and reads it back', () => {
    const state = { q: 'ada', sort: '-name', filter: 'a = 1', cursor: 'abc', limit: 100 };
    expect(fromSearch(toSearch(state))).toEqual(state);
  });

  it('may have been written by hand', () => {
    expect(fromSearch({ q: 42, limit: 7, sort: null, filter: true })).toEqual({
      ...usual,
      q: '42',
      filter: 'true',
    });
  });
});

describe('an order', () => {
  it('is read field by field', () => {
    expect(parseSort('-created_at,name')).toEqual([
      { name: 'created_at', descending: true },
      { name: 'name', descending: false },
    ]);
  });

  it('goes up, down and back to the usual', () => {
    expect(nextSort('', '-at', 'name', false)).toBe('name');
    expect(nextSort('name', '-at', 'name', false)).toBe('-name');
    expect(nextSort('-name', '-at', 'name', false)).toBe('');
  });

  it('turns back and forth for the column of the usual order', () => {
    expect(nextSort('', '-at', 'at', false)).toBe('at');
    expect(nextSort('at', '-at', 'at', false)).toBe('');
    expect(nextSort('', 'name', 'name', false)).toBe('-name');
    expect(nextSort('-name', 'name', 'name', false)).toBe('');
  });

  it('gets a second column, at most four', () => {
    expect(nextSort('name', '', 'at', true)).toBe('name,at');
    expect(nextSort('name,at', '', 'at', true)).toBe('name,-at');
    expect(nextSort('name,-at', '', 'at', true)).toBe('name');
    expect(nextSort('a,b,c,d', '', 'e', true)).toBe('b,c,d,e');
  });
});
