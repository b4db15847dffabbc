import { afterEach, describe, expect, it } from 'vitest';
import { permissionTitle } from '../access/titles';
import { APIError } from '../api/error';
import type { FieldProblem } from '../api/types';
import { speak } from '../strings';
import { limitTitle } from '../system/limit-title';
import { remarks } from './remarks';

async function german() {
  const [core, rest] = await Promise.all([import('virtual:words/de/core'), import('virtual:words/de/rest')]);
  speak('de', [...core.default, ...rest.default]);
}

function told(field: Omit<FieldProblem, 'pointer'>): string | undefined {
  const error = new APIError(422, { errors: [{ pointer: '/x', ...field }] });
  return remarks(error)[0]?.detail;
}

const characters = { value: '15', of: 'characters' };

afterEach(() => {
  speak('en', []);
});

describe('a remark', () => {
  it('is said in the language of the page, with its values', async () => {
    await german();
    expect(told({ code: 'too_short', detail: 'must have at least 15 characters', params: characters })).toBe(
      'Mindestens 15 Zeichen.',
    );
    expect(told({ code: 'min', detail: 'must be at least 1s', params: { value: '1s' } })).toBe(
      'Muss mindestens 1s sein.',
    );
    expect(told({ code: 'required', detail: 'must not be empty', params: {} })).toBe('Darf nicht leer sein.');
    expect(told({ code: 'lte', detail: '', params: { value: '3', of: 'items' } })).toBe(
      'Höchstens 3 Einträge.',
    );
    expect(told({ code: 'required_with', detail: 'must be given here', params: {} })).toBe(
      'Muss angegeben werden.',
    );
  });

  it('stays as the server says it where that has no parameters, or nobody knows the code', async () => {
    await german();
    expect(told({ code: 'required', detail: 'say something' })).toBe('Say something.');
    expect(told({ code: 'shiny', detail: 'must shine', params: {} })).toBe('Must shine.');
    expect(told({ code: 'constructor', detail: 'must be built', params: {} })).toBe('Must be built.');
  });

  it('is the same sentence in English', () => {
    expect(told({ code: 'too_short', detail: 'must have at least 15 characters', params: characters })).toBe(
      'Needs at least 15 characters.',
    );
    expect(remarks(new Error('no answer'))).toEqual([]);
  });
});

describe('a title', () => {
  const limit = { policy: '1/m', default: '1/m', keys: [], overrides: [] };

  it('of the dashboard’s own is said in the language of the page', async () => {
    await german();
    const read = { id: 'dashboard.users.read', title: 'See accounts and roles', module: 'dashboard' };
    expect(permissionTitle(read)).toBe('Konten und Rollen sehen');
    expect(limitTitle({ ...limit, name: 'login-address', title: 'Sign-ins from one address' })).toBe(
      'Anmeldungen von einer Adresse',
    );
  });

  it('of a module stands in its own words', async () => {
    await german();
    const own = { id: 'billing.users.read', title: 'See who pays', module: 'billing' };
    expect(permissionTitle(own)).toBe('See who pays');
    expect(permissionTitle({ ...own, id: 'dashboard.new.read', module: 'dashboard' })).toBe('See who pays');
    expect(limitTitle({ ...limit, name: 'billing.address', title: 'Bills', module: 'billing' })).toBe(
      'Bills',
    );
    expect(limitTitle({ ...limit, name: 'x', title: 'New', module: undefined })).toBe('New');
  });
});
