import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../parts/button';
import { CloseIcon } from '../parts/icons';
import { Notice } from '../parts/notice';
import { t } from '../strings';
import { pretty, withMembers, type Definition, type Json } from './definition';
import { readList, readLiteral, writeList, writeLiteral } from './literals';
import { segmentsQuery } from './queries';
import {
  ops,
  readRules,
  semverOps,
  writeRules,
  type Op,
  type Rule,
  type Rules,
  type Serve,
  type Test,
} from './rules';
import { ServeEditor } from './serve';
import { readJson, ValueInput } from './text-input';
import { at } from './troubles';
import type { Trouble } from './types';
import { Problem } from './variants';

const attributes = [
  'targetingKey',
  'email',
  'email_domain',
  'id',
  'name',
  'roles',
  'tenant',
  'api_key',
  '$flagd.timestamp',
];

interface Props {
  definition: Definition;
  onChange: (next: Definition) => void;
  troubles: readonly Trouble[];
}

/** Who gets what, from the first rule that fits to the rest. */
export function RulesEditor({ definition, onChange, troubles }: Props) {
  const rules = readRules(definition.targeting);
  const variants = Object.keys(definition.variants ?? {});
  const segments = (useQuery(segmentsQuery).data ?? []).map(({ name }) => name);
  const [said, setSaid] = useState('');
  const set = (next: Rules) => {
    onChange(withMembers(definition, { targeting: writeRules(next) }));
  };
  return (
    <section className="stack stretch" aria-labelledby="rules">
      <h2 id="rules">{t('flags.rules')}</h2>
      <Attributes />
      {rules ? (
        <List
          rules={rules}
          {...{ variants, segments, troubles }}
          onChange={(next, what = '') => {
            set(next);
            setSaid(what);
          }}
        />
      ) : (
        <Notice title={t('flags.rules.raw.title')}>
          <p>{t('flags.rules.raw')}</p>
        </Notice>
      )}
      {!rules && (
        <ValueInput
          label={t('flags.rules')}
          area
          value={definition.targeting ?? null}
          write={pretty}
          read={readJson}
          onValue={(targeting) => {
            onChange(withMembers(definition, { targeting }));
          }}
        />
      )}
      {!rules && <Problem text={at(troubles, '/targeting')} />}
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </section>
  );
}

/** What is known of who asks, offered where an attribute is named. */
export function Attributes() {
  return (
    <datalist id="flag-attributes">
      {attributes.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

interface ListProps {
  rules: Rules;
  variants: readonly string[];
  segments: readonly string[];
  troubles: readonly Trouble[];
  onChange: (next: Rules, said?: string) => void;
}

function List({ rules: all, variants, segments, troubles, onChange }: ListProps) {
  const { rules } = all;
  const put = (index: number, rule: Rule) => {
    onChange({ ...all, rules: rules.map((one, other) => (other === index ? rule : one)) });
  };
  const move = (index: number, to: number) => {
    const next = [...rules];
    next.splice(to, 0, ...next.splice(index, 1));
    onChange({ ...all, rules: next }, t('flags.rule.moved', { n: to + 1 }));
  };
  const first = variants[0] ?? '';
  return (
    <>
      <ol className="flag-rules stretch">
        {rules.map((rule, index) => (
          <li key={index} className="card stack close">
            <div className="row flag-rule-head">
              <b>{t('flags.rule', { n: index + 1 })}</b>
              <span className="row">
                <Button
                  look="icon"
                  aria-label={t('flags.rule.up', { n: index + 1 })}
                  busy={index === 0}
                  onClick={() => {
                    move(index, index - 1);
                  }}
                >
                  ↑
                </Button>
                <Button
                  look="icon"
                  aria-label={t('flags.rule.down', { n: index + 1 })}
                  busy={index === rules.length - 1}
                  onClick={() => {
                    move(index, index + 1);
                  }}
                >
                  ↓
                </Button>
                <Button
                  look="icon"
                  aria-label={t('flags.rule.remove', { n: index + 1 })}
                  onClick={() => {
                    onChange(
                      { ...all, rules: rules.filter((_, other) => other !== index) },
                      t('flags.rule.removed', { n: index + 1 }),
                    );
                  }}
                >
                  <CloseIcon />
                </Button>
              </span>
            </div>
            <Tests
              rule={rule}
              label={t('flags.tests.of', { n: index + 1 })}
              segments={segments}
              onChange={(next) => {
                put(index, next);
              }}
            />
            <Problem text={at(troubles, `/targeting/if/${String(index * 2)}`)} />
            <div className="flag-then">
              <span className="label">{t('flags.serve')}</span>
              <ServeEditor
                serve={rule.serve}
                variants={variants}
                label={t('flags.serve.of', { n: index + 1 })}
                onChange={(serve) => {
                  put(index, { ...rule, serve });
                }}
              />
            </div>
            <Problem text={at(troubles, `/targeting/if/${String(index * 2 + 1)}`)} />
          </li>
        ))}
      </ol>
      <div className="row">
        <Button
          onClick={() => {
            const test: Test = { kind: 'attribute', name: 'email', op: 'ends', value: '' };
            const serve: Serve = { kind: 'variant', name: first };
            onChange(
              { ...all, rules: [...rules, { match: 'all', tests: [test], serve }] },
              t('flags.rule.added', { n: rules.length + 1 }),
            );
          }}
        >
          {t('flags.rule.add')}
        </Button>
      </div>
      <div className="card stack close">
        <b>{rules.length > 0 ? t('flags.otherwise') : t('flags.everybody')}</b>
        <ServeEditor
          serve={all.otherwise ?? { kind: 'default' }}
          variants={variants}
          label={rules.length > 0 ? t('flags.otherwise') : t('flags.everybody')}
          onChange={(serve) => {
            onChange(serve.kind === 'default' ? { rules } : { rules, otherwise: serve });
          }}
        />
        <Problem
          text={at(troubles, rules.length > 0 ? `/targeting/if/${String(rules.length * 2)}` : '/targeting')}
        />
      </div>
      <Problem
        text={
          rules.length > 0
            ? (at(troubles, '/targeting', true) ?? at(troubles, '/targeting/if', true))
            : undefined
        }
      />
    </>
  );
}

interface TestsProps<T> {
  rule: T;
  label: string;
  segments: readonly string[];
  onChange: (next: T) => void;
}

/** The tests of a condition. */
export function Tests<T extends Pick<Rule, 'match' | 'tests'>>({
  rule,
  label,
  segments,
  onChange,
}: TestsProps<T>) {
  const { tests } = rule;
  const set = (next: Test[]) => {
    onChange({ ...rule, tests: next });
  };
  return (
    <div className="stack close" role="group" aria-label={label}>
      {tests.length > 1 && (
        <label className="row">
          <span className="label">{t('flags.if')}</span>
          <select
            className="input"
            value={rule.match}
            onChange={(event) => {
              onChange({ ...rule, match: event.target.value === 'any' ? 'any' : 'all' });
            }}
          >
            <option value="all">{t('flags.match.all')}</option>
            <option value="any">{t('flags.match.any')}</option>
          </select>
        </label>
      )}
      <ul className="flag-tests stretch">
        {tests.map((test, index) => (
          <li key={index}>
            <TestEditor
              test={test}
              segments={segments}
              onChange={(next) => {
                set(tests.map((one, other) => (other === index ? next : one)));
              }}
            />
            <Button
              look="icon"
              aria-label={t('flags.test.remove', { n: index + 1 })}
              busy={tests.length === 1}
              onClick={() => {
                set(tests.filter((_, other) => other !== index));
              }}
            >
              <CloseIcon />
            </Button>
          </li>
        ))}
      </ul>
      <div className="row">
        <Button
          onClick={() => {
            set([...tests, { kind: 'attribute', name: 'email', op: 'ends', value: '' }]);
          }}
        >
          {t('flags.test.add')}
        </Button>
        {segments.length > 0 && (
          <Button
            onClick={() => {
              set([...tests, { kind: 'segment', name: segments[0] ?? '', not: false }]);
            }}
          >
            {t('flags.test.segment')}
          </Button>
        )}
      </div>
    </div>
  );
}

interface TestProps {
  test: Test;
  segments: readonly string[];
  onChange: (next: Test) => void;
}

function TestEditor({ test, segments, onChange }: TestProps) {
  if (test.kind === 'raw')
    return (
      <ValueInput
        label={t('flags.test.raw')}
        area
        value={test.json}
        write={pretty}
        read={readJson}
        onValue={(json) => {
          onChange({ kind: 'raw', json });
        }}
      />
    );
  if (test.kind === 'segment')
    return (
      <>
        <select
          className="input"
          aria-label={t('flags.test.op')}
          value={String(test.not)}
          onChange={(event) => {
            onChange({ ...test, not: event.target.value === 'true' });
          }}
        >
          <option value="false">{t('flags.segment.in')}</option>
          <option value="true">{t('flags.segment.out')}</option>
        </select>
        <select
          className="input"
          aria-label={t('segments.one')}
          value={test.name}
          onChange={(event) => {
            onChange({ ...test, name: event.target.value });
          }}
        >
          {[...new Set([...segments, test.name])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </>
    );
  const list = test.op === 'in' || test.op === 'notIn';
  const textual = test.op === 'starts' || test.op === 'ends' || test.op === 'semver';
  return (
    <>
      <input
        className="input"
        aria-label={t('flags.test.attribute')}
        list="flag-attributes"
        autoComplete="off"
        spellCheck={false}
        value={test.name}
        onChange={(event) => {
          onChange({ ...test, name: event.target.value });
        }}
      />
      <select
        className="input"
        aria-label={t('flags.test.op')}
        value={test.op}
        onChange={(event) => {
          onChange(withOp(test, event.target.value as Op));
        }}
      >
        {ops.map((op) => (
          <option key={op} value={op}>
            {t(`flags.op.${op}`)}
          </option>
        ))}
      </select>
      {test.op === 'semver' && (
        <select
          className="input flag-compare"
          aria-label={t('flags.test.compare')}
          value={test.compare}
          onChange={(event) => {
            onChange({ ...test, compare: event.target.value });
          }}
        >
          {semverOps.map((op) => (
            <option key={op}>{op}</option>
          ))}
        </select>
      )}
      {test.op !== 'set' && test.op !== 'unset' && (
        <ValueInput
          key={test.op}
          label={t('flags.test.value')}
          placeholder={list ? t('flags.test.list') : undefined}
          value={test.value}
          write={list ? writeList : textual ? String : writeLiteral}
          read={list ? readList : textual ? (text) => text : readLiteral}
          onValue={(value) => {
            onChange({ ...test, value });
          }}
        />
      )}
    </>
  );
}

/** Another comparison of the same attribute keeps what was compared with, as far as it can. */
function withOp(test: Test & { kind: 'attribute' }, op: Op): Test {
  const { kind, name } = test;
  const old: Json = Array.isArray(test.value) ? (test.value[0] ?? '') : (test.value ?? '');
  if (op === 'set' || op === 'unset') return { kind, name, op, value: null };
  if (op === 'in' || op === 'notIn')
    return { kind, name, op, value: Array.isArray(test.value) ? test.value : old === '' ? [] : [old] };
  if (op === 'semver') return { kind, name, op, value: String(old), compare: '>=' };
  return { kind, name, op, value: op === 'starts' || op === 'ends' ? String(old) : old };
}
