import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { useState } from 'react';
import { describe, expect, it } from 'vitest';
import { useDraft } from '../access/use-draft';
import { draw } from '../testing/render';
import { problem, serve, type Reply, type Seen } from '../testing/server';
import { History } from '../versions/history';
import { same, withMembers, type Definition } from './definition';
import { Editor } from './editor';
import { Explain } from './explain';
import { Experiment } from './experiment';
import { KillSwitch } from './kill';
import { flagSubject, historyQuery } from './queries';
import { SaveFlag } from './save';
import type { FlagDetail, Trouble } from './types';

const definition: Definition = {
  state: 'ENABLED',
  variants: { on: true, off: false },
  defaultVariant: 'off',
  targeting: {
    if: [
      { '>': [{ '+': [{ var: 'age' }, 1] }, 18] },
      'on',
      {
        fractional: [
          ['on', 10],
          ['off', 90],
        ],
      },
    ],
  },
  metadata: { owner: 'payments' },
};

const flag: FlagDetail = {
  key: 'a/b',
  kind: 'boolean',
  enabled: true,
  killed: false,
  stale: false,
  default_variant: 'off',
  variants: [
    { name: 'on', value: true },
    { name: 'off', value: false },
  ],
  version: 3,
  updated_by: { id: 'u1', name: 'Ada' },
  exposures: 0,
  source: 'database',
  definition,
  segments: [],
  needs: [],
  needed_by: [],
};

const me = {
  id: 'u1',
  email: 'ada@example.com',
  permissions: ['dashboard.users.read', 'dashboard.flags.read'],
};
const half = {
  people: 1000,
  changed: 0,
  shares: [{ variant: 'on', now: 0, draft: 0, now_share: 0, draft_share: 0 }],
};

function server(
  more: Record<string, (seen: Seen) => Reply> = {},
  errors: Trouble[] = [],
  warnings: Trouble[] = [],
): Seen[] {
  return serve({
    'GET api/v1/auth/me': () => ({ body: me }),
    'GET api/v1/segments?limit=200': () => ({ body: { items: [] } }),
    'POST api/v1/flags/check': () => ({ body: { errors, warnings } }),
    'POST api/v1/flags/a%2Fb/preview': () => ({ body: { sample: half, accounts: half, all: true } }),
    ...more,
  });
}

/** The editor and its foot as the screen has them, with a way for somebody else to save. */
function Whole({ theirs }: { theirs?: Definition }) {
  const [latest, setLatest] = useState({ item: definition, etag: '"3"' });
  const draft = useDraft<Definition>(latest);
  const [troubled, setTroubled] = useState(false);
  const value = withMembers(draft.value, {});
  return (
    <>
      <Editor
        flag="a/b"
        definition={value}
        editable
        onTrouble={setTroubled}
        onChange={(next) => {
          const names = [...new Set([...Object.keys(value), ...Object.keys(next)])];
          draft.set(
            Object.fromEntries(
              names.filter((name) => !same(value[name], next[name])).map((name) => [name, next[name]]),
            ) as Partial<Definition>,
          );
        }}
      />
      <SaveFlag flag={{ ...flag, definition: latest.item }} draft={draft} troubled={troubled} />
      {theirs && (
        <button
          type="button"
          onClick={() => {
            setLatest({ item: theirs, etag: '"4"' });
          }}
        >
          somebody saves
        </button>
      )}
    </>
  );
}

const json = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Definition as JSON' });
const choose = (name: string) => {
  fireEvent.click(screen.getByRole('radio', { name }));
};

describe('a flag', () => {
  it('is the same as a form and as JSON, and what the form cannot show is kept', async () => {
    server();
    await draw(<Whole />);
    fireEvent.change(screen.getByRole('slider', { name: 'Share of on' }), { target: { value: '40' } });
    fireEvent.change(screen.getByLabelText('Owner'), { target: { value: '' } });
    choose('JSON');
    expect(JSON.parse(json().value)).toEqual({
      ...withMembers(definition, { metadata: undefined } as never),
      targeting: {
        if: [
          { '>': [{ '+': [{ var: 'age' }, 1] }, 18] },
          'on',
          {
            fractional: [
              ['on', 40],
              ['off', 60],
            ],
          },
        ],
      },
    });
    fireEvent.change(json(), { target: { value: '{"state": ' } });
    expect(screen.getByText(/This is no JSON object/)).toBeTruthy();
    choose('Form');
    expect(json().value).toBe('{"state": ');
    fireEvent.change(json(), {
      target: { value: JSON.stringify({ ...definition, targeting: { '==': [1, 1] }, x: 1 }) },
    });
    choose('Form');
    expect(screen.getByText('Everybody')).toBeTruthy();
    choose('JSON');
    expect((JSON.parse(json().value) as Definition)['x']).toBe(1);
  });

  it('is told what is wrong where it is, and is not saved like that', async () => {
    const wrong = { line: 1, column: 1, code: 'x' };
    server({}, [
      { ...wrong, pointer: '/defaultVariant', detail: 'there is no variant "off"' },
      { ...wrong, pointer: '/targeting/if/0', detail: 'this can only fail' },
      { ...wrong, pointer: '/somewhere', detail: 'this is odd' },
    ]);
    await draw(<Whole />);
    fireEvent.click(screen.getByRole('switch'));
    const variants = screen.getByRole('region', { name: 'Variants' });
    expect(await within(variants).findByText('There is no variant "off".')).toBeTruthy();
    expect(screen.getByText('This can only fail.').closest('li')?.textContent).toContain('Rule 1');
    expect(screen.getByText(/this is odd/).closest('.notice')).toBeTruthy();
    const review = screen.getByRole('button', { name: 'Review and save' });
    expect(review.getAttribute('aria-disabled')).toBe('true');
    fireEvent.click(review);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('is told what has no effect, and can be saved like that', async () => {
    server(
      {},
      [],
      [
        {
          line: 3,
          column: 2,
          code: 'unknown-member',
          pointer: '/targetings',
          detail: 'a flag has no "targetings"',
        },
      ],
    );
    await draw(<Whole />);
    fireEvent.click(screen.getByRole('switch'));
    expect(await screen.findByText('1 thing here has no effect')).toBeTruthy();
    expect(screen.getByText('/targetings')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Review and save' }).getAttribute('aria-disabled')).not.toBe(
      'true',
    );
    choose('JSON');
    expect(await screen.findByRole('button', { name: 'line 3, column 2' })).toBeTruthy();
  });

  it('that somebody else saved meanwhile loses neither change', async () => {
    const seen = server({
      'PUT api/v1/flags/a%2Fb': ({ body }) => ({
        body: { ...flag, version: 5, definition: (body as { definition: Definition }).definition },
        headers: { ETag: '"5"' },
      }),
    });
    await draw(<Whole theirs={{ ...definition, metadata: { owner: 'cart' } }} />);
    fireEvent.change(screen.getByRole('slider', { name: 'Share of on' }), { target: { value: '40' } });
    fireEvent.click(screen.getByText('somebody saves'));
    expect((await screen.findByRole('alert')).textContent).toContain('"owner": "cart"');
    fireEvent.click(screen.getByRole('button', { name: 'Keep my values and review again' }));
    expect(screen.getByLabelText<HTMLInputElement>('Owner').value).toBe('cart');
    fireEvent.click(screen.getByRole('button', { name: 'Review and save' }));
    fireEvent.change(screen.getByLabelText('Comment'), { target: { value: 'Why' } });
    fireEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    const put = seen.find(({ method }) => method === 'PUT');
    expect(put?.headers['If-Match']).toBe('"4"');
    expect(put?.body).toMatchObject({ comment: 'Why', definition: { metadata: { owner: 'cart' } } });
  });

  it('that is refused says so and keeps what was written', async () => {
    server({
      'PUT api/v1/flags/a%2Fb': () => problem(422, 'invalid', { detail: 'others need this as it is' }),
    });
    await draw(<Whole />);
    fireEvent.click(screen.getByRole('switch'));
    fireEvent.click(screen.getByRole('button', { name: 'Review and save' }));
    fireEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('others need this as it is')).toBeTruthy();
    expect(screen.getByRole<HTMLInputElement>('switch', { hidden: true }).checked).toBe(false);
  });

  it('is stopped with the variant that was chosen', async () => {
    const seen = server({ 'POST api/v1/flags/a%2Fb/kill': () => ({ body: flag }) });
    await draw(<KillSwitch flag={flag} />);
    fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
    fireEvent.change(screen.getByLabelText('What everybody gets'), { target: { value: 'on' } });
    fireEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Stop' }));
    await waitFor(() => {
      expect(seen.at(-1)?.body).toEqual({ killed: true, variant: 'on' });
    });
  });

  it('goes back to an earlier version', async () => {
    const version = { at: new Date().toISOString(), by: { id: 'u1', name: 'Ada' }, comment: '' };
    const seen = server({
      'GET api/v1/flags/a%2Fb/history?limit=100': () => ({
        body: {
          items: [
            { ...version, version: 3, definition },
            { ...version, version: 2, definition: null },
            { ...version, version: 1, definition: { ...definition, state: 'DISABLED' } },
          ],
        },
      }),
      'POST api/v1/flags/a%2Fb/rollback': () => ({ body: flag }),
    });
    await draw(
      <History
        subject={flagSubject(flag.key)}
        query={historyQuery(flag.key)}
        content={flag.definition}
        version={flag.version}
        etag={'"3"'}
        mayManage
      />,
    );
    expect(await screen.findByText('Deleted')).toBeTruthy();
    expect(screen.getAllByRole('button')).toHaveLength(1);
    fireEvent.click(screen.getByRole('button', { name: 'Restore version 1' }));
    const dialog = screen.getByRole('dialog');
    expect(within(dialog).getByText(/DISABLED/)).toBeTruthy();
    fireEvent.click(within(dialog).getByRole('button', { name: 'Restore' }));
    await waitFor(() => {
      const post = seen.find(({ method }) => method === 'POST');
      expect([post?.body, post?.headers['If-Match']]).toEqual([{ version: 1 }, '"3"']);
    });
  });
});

describe('what somebody would get', () => {
  it('is asked for an account and for anybody, with the draft', async () => {
    const steps = [{ kind: 'rule', text: 'age + 1 > 18', outcome: '"on"', decided: true }];
    const seen = server({
      'GET api/v1/users?limit=8&q=': () => ({
        body: { items: [{ id: 'u7', name: 'Grace', email: 'g@h.i' }] },
      }),
      'POST api/v1/flags/explain': () => ({
        body: {
          key: 'a/b',
          variant: 'on',
          value: true,
          reason: 'TARGETING_MATCH',
          why: 'The rules chose.',
          steps,
        },
      }),
    });
    await draw(<Explain flag="a/b" definition={definition} draft />);
    fireEvent.click(await screen.findByRole('radio', { name: /Grace/ }));
    expect(await screen.findByText('The rules chose.')).toBeTruthy();
    expect(screen.getByText('decided')).toBeTruthy();
    await waitFor(() => {
      expect(seen.at(-1)?.body).toEqual({ key: 'a/b', definition, user_id: 'u7' });
    });
    fireEvent.click(screen.getByRole('radio', { name: 'Anybody' }));
    fireEvent.change(screen.getByLabelText('Targeting key'), { target: { value: 'someone' } });
    fireEvent.change(screen.getByLabelText('Name of attribute 1'), { target: { value: 'roles' } });
    fireEvent.change(screen.getByLabelText('Value of attribute 1'), { target: { value: 'admin' } });
    await waitFor(() => {
      expect(seen.at(-1)?.body).toMatchObject({ context: { targeting_key: 'someone', roles: ['admin'] } });
    });
  });
});

describe('an experiment', () => {
  it('says which difference is clear, and what was not measured', async () => {
    const interval = { low: 0.1, high: 0.2 };
    const one = {
      exposures: 100,
      count: 15,
      sum: 30,
      mean: 2,
      interval,
      rate: 0.15,
      rate_interval: interval,
    };
    const apart = { value: 0.1, interval, significant: true };
    server({
      'GET api/v1/flags/metrics': () => ({ body: { items: ['orders'] } }),
      'GET api/v1/flags/a%2Fb/experiment?metric=orders': () => ({
        body: {
          flag: 'a/b',
          metric: 'orders',
          control: 'off',
          variants: [
            { ...one, variant: 'on', rate_difference: apart },
            { ...one, variant: 'off', exposures: 0, count: 0 },
          ],
        },
      }),
    });
    await draw(<Experiment flag="a/b" />);
    expect(await screen.findByText('Clear')).toBeTruthy();
    const [, on, off] = screen.getAllByRole('row');
    expect(on?.textContent).toContain('+10%');
    expect(off?.textContent).toContain('Control');
    expect(off?.textContent).toContain('–');
  });
});
