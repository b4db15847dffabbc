import { isObject, same, type Json } from './definition';

/** What a rule asks of one attribute. */
export type Op =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'in'
  | 'notIn'
  | 'contains'
  | 'notContains'
  | 'starts'
  | 'ends'
  | 'semver'
  | 'set'
  | 'unset';

export const ops: readonly Op[] = [
  'eq',
  'ne',
  'in',
  'notIn',
  'contains',
  'notContains',
  'starts',
  'ends',
  'lt',
  'le',
  'gt',
  'ge',
  'semver',
  'set',
  'unset',
];

export const semverOps = ['=', '!=', '<', '<=', '>', '>=', '^', '~'] as const;

/** One test of a rule: of an attribute, of a segment, or anything else as it is written. */
export type Test =
  | { kind: 'attribute'; name: string; op: Op; value: Json; compare?: string }
  | { kind: 'segment'; name: string; not: boolean }
  | { kind: 'raw'; json: Json };

/** What somebody gets: a variant, the default, a split, or anything else as it is written. */
export type Serve =
  | { kind: 'variant'; name: string }
  | { kind: 'default' }
  | { kind: 'split'; by: string; parts: Part[] }
  | { kind: 'raw'; json: Json };

export interface Part {
  variant: string;
  /** Missing is 1, as flagd has it. */
  weight?: number;
}

export interface Rule {
  match: 'all' | 'any';
  tests: Test[];
  serve: Serve;
}

/** A flag's targeting as a form shows it. */
export interface Rules {
  rules: Rule[];
  /** Who no rule is about; nothing written is the default variant. */
  otherwise?: Serve;
}

const symbols: Partial<Record<Op, string>> = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' };

/**
 * Reads a targeting for the form. What comes out is written again as it was: `undefined` where the form cannot show it,
 * and what only a part cannot show is raw there, so that nothing is ever lost.
 */
export function readRules(targeting: Json | undefined): Rules | undefined {
  const read = readWhole(targeting);
  return read && same(writeRules(read) ?? null, normal(targeting) ?? null) ? read : undefined;
}

/** No targeting and an empty one are the same. */
function normal(targeting: Json | undefined): Json | undefined {
  return isObject(targeting) && Object.keys(targeting).length === 0 ? undefined : targeting;
}

function readWhole(given: Json | undefined): Rules | undefined {
  const targeting = normal(given);
  if (targeting === undefined) return { rules: [] };
  const branches = only(targeting, 'if');
  if (!Array.isArray(branches) || branches.length < 2) return { rules: [], otherwise: readServe(targeting) };
  const rules: Rule[] = [];
  for (let at = 0; at + 1 < branches.length; at += 2)
    rules.push({ ...readCondition(branches[at] ?? null), serve: readServe(branches[at + 1] ?? null) });
  const rest = branches.length % 2 === 1 ? branches.at(-1) : undefined;
  return rest === undefined ? { rules } : { rules, otherwise: readServe(rest) };
}

/** Writes the form's rules as a targeting; nothing where there are none. */
export function writeRules({ rules, otherwise }: Rules): Json | undefined {
  const rest = otherwise && writeServe(otherwise);
  if (rules.length === 0) return rest;
  const branches = rules.flatMap((rule) => [writeCondition(rule), writeServe(rule.serve)]);
  return { if: rest === undefined ? branches : [...branches, rest] };
}

/** A condition as tests that all, or any, have to hold. */
export function readCondition(node: Json): Pick<Rule, 'match' | 'tests'> {
  for (const [match, op] of [
    ['all', 'and'],
    ['any', 'or'],
  ] as const) {
    const parts = only(node, op);
    if (Array.isArray(parts) && parts.length > 1) return { match, tests: parts.map(readTest) };
  }
  return { match: 'all', tests: [readTest(node)] };
}

export function writeCondition({ match, tests }: Pick<Rule, 'match' | 'tests'>): Json {
  const parts = tests.map(writeTest);
  if (parts.length === 0) return true; // of nobody anything is asked
  if (parts.length === 1) return parts[0] ?? true;
  return match === 'all' ? { and: parts } : { or: parts };
}

export function readTest(node: Json): Test {
  const found = parseTest(node);
  return found && same(writeTest(found), node) ? found : { kind: 'raw', json: node };
}

function parseTest(node: Json): Test | undefined {
  if (!isObject(node)) return undefined;
  const not = only(node, '!');
  if (not !== undefined) {
    const inner = parseTest(not);
    if (inner?.kind === 'segment') return { ...inner, not: true };
    if (inner?.kind === 'attribute' && inner.op === 'in') return { ...inner, op: 'notIn' };
    if (inner?.kind === 'attribute' && inner.op === 'contains') return { ...inner, op: 'notContains' };
    const name = variable(not);
    return name === undefined ? undefined : { kind: 'attribute', name, op: 'unset', value: null };
  }
  const segment = only(node, '$ref');
  if (typeof segment === 'string') return { kind: 'segment', name: segment, not: false };
  const set = variable(only(node, '!!'));
  if (set !== undefined) return { kind: 'attribute', name: set, op: 'set', value: null };
  const [operator, args] = Object.entries(node)[0] ?? [];
  if (!operator || !Array.isArray(args)) return undefined;
  const [left = null, right = null, third = null] = args;
  const name = variable(left);
  if (operator === 'in') {
    const inside = variable(right);
    if (inside !== undefined && plain(left))
      return { kind: 'attribute', name: inside, op: 'contains', value: left };
    return name !== undefined && Array.isArray(right) && right.every(plain)
      ? { kind: 'attribute', name, op: 'in', value: right }
      : undefined;
  }
  if (name === undefined) return undefined;
  if (operator === 'sem_ver')
    return typeof right === 'string' && typeof third === 'string'
      ? { kind: 'attribute', name, op: 'semver', compare: right, value: third }
      : undefined;
  if (operator === 'starts_with' || operator === 'ends_with')
    return typeof right === 'string'
      ? { kind: 'attribute', name, op: operator === 'starts_with' ? 'starts' : 'ends', value: right }
      : undefined;
  const op = (Object.keys(symbols) as Op[]).find((one) => symbols[one] === operator);
  return op && plain(right) ? { kind: 'attribute', name, op, value: right } : undefined;
}

export function writeTest(test: Test): Json {
  if (test.kind === 'raw') return test.json;
  if (test.kind === 'segment') return test.not ? { '!': { $ref: test.name } } : { $ref: test.name };
  const { op, value } = test;
  const variable = { var: test.name };
  switch (op) {
    case 'in':
      return { in: [variable, value] };
    case 'notIn':
      return { '!': { in: [variable, value] } };
    case 'contains':
      return { in: [value, variable] };
    case 'notContains':
      return { '!': { in: [value, variable] } };
    case 'starts':
      return { starts_with: [variable, value] };
    case 'ends':
      return { ends_with: [variable, value] };
    case 'semver':
      return { sem_ver: [variable, test.compare ?? '>=', value] };
    case 'set':
      return { '!!': variable };
    case 'unset':
      return { '!': variable };
    default:
      return { [symbols[op] ?? '==']: [variable, value] };
  }
}

export function readServe(node: Json): Serve {
  const found = parseServe(node);
  return found && same(writeServe(found), node) ? found : { kind: 'raw', json: node };
}

function parseServe(node: Json): Serve | undefined {
  if (typeof node === 'string') return { kind: 'variant', name: node };
  if (node === null) return { kind: 'default' };
  const args = only(node, 'fractional');
  if (!Array.isArray(args) || args.length === 0) return undefined;
  const [first = null] = args;
  const by = bucketOf(first);
  const parts: Part[] = [];
  for (const part of by === undefined ? args : args.slice(1)) {
    if (!Array.isArray(part)) return undefined;
    const [variant, weight] = part;
    if (typeof variant !== 'string' || (weight !== undefined && typeof weight !== 'number')) return undefined;
    parts.push(weight === undefined ? { variant } : { variant, weight });
  }
  return parts.length > 0 ? { kind: 'split', by: by ?? '', parts } : undefined;
}

export function writeServe(serve: Serve): Json {
  switch (serve.kind) {
    case 'raw':
      return serve.json;
    case 'default':
      return null;
    case 'variant':
      return serve.name;
    case 'split': {
      const parts = serve.parts.map(({ variant, weight }) =>
        weight === undefined ? [variant] : [variant, weight],
      );
      return { fractional: serve.by === '' ? parts : [bucketBy(serve.by), ...parts] };
    }
  }
}

/** Whose share is drawn by an attribute: of that and the flag, so that two flags do not choose the same people. */
function bucketBy(name: string): Json {
  return { cat: [{ var: '$flagd.flagKey' }, { var: name }] };
}

function bucketOf(node: Json): string | undefined {
  const parts = only(node, 'cat');
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const name = variable(parts[1]);
  return variable(parts[0]) === '$flagd.flagKey' && name ? name : undefined;
}

/** The attribute of a `{"var": …}`. */
function variable(node: Json | undefined): string | undefined {
  const name = node === undefined ? undefined : only(node, 'var');
  return typeof name === 'string' ? name : undefined;
}

function only(node: Json, key: string): Json | undefined {
  return isObject(node) && Object.keys(node).length === 1 ? node[key] : undefined;
}

function plain(value: Json): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** The share of each part in percent; nothing has a share where nothing weighs. */
export function shares(parts: Part[]): number[] {
  const weights = parts.map(({ weight = 1 }) => Math.max(weight, 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total > 0 ? (weight / total) * 100 : 0));
}

/** Gives one part a share of 100; what is left goes to the others in the proportion they had. */
export function withShare(parts: Part[], at: number, percent: number): Part[] {
  const share = Math.min(Math.max(Math.round(percent), 0), 100);
  const now = shares(parts);
  const others = now.reduce((sum, one, index) => (index === at ? sum : sum + one), 0);
  let left = 100 - share;
  const last = parts.findLastIndex((_, index) => index !== at);
  return parts.map((part, index) => {
    if (index === at) return { ...part, weight: share };
    const even = (100 - share) / (parts.length - 1);
    const own =
      index === last ? left : Math.round(others > 0 ? ((now[index] ?? 0) / others) * (100 - share) : even);
    left -= own;
    return { ...part, weight: Math.max(own, 0) };
  });
}
