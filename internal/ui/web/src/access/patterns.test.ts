import { describe, expect, it } from 'vitest';
import { beyond, byModule, covers, gives, matches, patternsOf, type Role } from './patterns';

function role(name: string, permissions: string[], inherits: string[] = []): Role {
  return { name, title: '', permissions, inherits, built_in: false };
}

const roles = [
  role('owner', ['*']),
  role('viewer', ['*.*.read']),
  role('support', ['shop.customers.manage'], ['viewer']),
  role('odd', ['a.b'], ['even']),
  role('even', ['c.d'], ['odd']),
];

describe('a pattern', () => {
  it.each([
    ['*', 'shop.customers.read', true],
    ['shop.*', 'shop.customers.read', true],
    ['shop.*', 'shop', false],
    ['*.*.read', 'shop.customers.read', true],
    ['*.*.read', 'shop.read', false],
    ['shop.customers.read', 'shop.customers.read', true],
    ['shop.customers', 'shop.customers.read', false],
    ['shop.*.read', 'shop.customers.manage', false],
  ])('%s matches %s: %s', (pattern, name, want) => {
    expect(matches(pattern, name)).toBe(want);
  });

  it.each([
    ['*', '*', true],
    ['*', 'shop.*', true],
    ['shop.*', 'shop.*', true],
    ['shop.*', 'shop.*.read', true],
    ['*.*.read', 'shop.customers.read', true],
    ['*.*.read', 'shop.*', false],
    ['*.*.read', '*', false],
    ['shop.*.read', 'shop.*', false],
    ['shop.customers.read', 'shop.*.read', false],
    ['shop.a.b', 'shop.a', false],
  ])('%s covers %s: %s', (have, asked, want) => {
    expect(covers(have, asked)).toBe(want);
  });
});

describe('roles', () => {
  it('give what they and those above them say, and circles end', () => {
    expect([...patternsOf(roles, ['support']).keys()]).toEqual(['shop.customers.manage', '*.*.read']);
    expect(patternsOf(roles, ['support']).get('*.*.read')?.name).toBe('viewer');
    expect([...patternsOf(roles, ['odd']).keys()]).toEqual(['a.b', 'c.d']);
    expect(patternsOf(roles, ['gone']).size).toBe(0);
  });

  it('beyond the own ones are named', () => {
    const own = [...patternsOf(roles, ['support']).keys()];
    expect(beyond(own, ['audit.log.read', 'shop.customers.manage'])).toBe('');
    expect(beyond(own, ['audit.log.read', 'audit.log.delete'])).toBe('audit.log.delete');
    expect(beyond(own, ['*'])).toBe('*');
    expect(beyond(['*'], ['*', 'x.*'])).toBe('');
  });

  it('are told in a few words', () => {
    expect(gives(role('a', ['*', 'x.y']))).toBe('Everything.');
    expect(gives(role('a', ['x.*', 'y.z']))).toBe('x.*, 1 permission');
    expect(gives(role('a', []))).toBe('0 permissions');
  });
});

it('permissions stand by module, in the order of the modules', () => {
  const list = ['a.x', 'b.x', 'a.y'].map((id) => ({ id, title: id, module: id.charAt(0) }));
  expect(byModule(list).map(([module, group]) => [module, group.length])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});
