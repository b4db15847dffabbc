import { APIError } from '../api/error';
import type { FieldProblem } from '../api/types';
import { t } from '../strings';

interface Said {
  value: string;
  count: number;
}

/** The sentences by code, or code and what it is about. What is not here is said as the server says it. */
const sentences: Record<string, (said: Said) => string> = {
  required: () => t('remark.required'),
  'required.items': () => t('remark.required.items'),
  given: () => t('remark.given'),
  absent: () => t('remark.absent'),
  min: ({ value }) => t('form.min', { min: value }),
  'min.characters': ({ count }) => t('form.short', { count }),
  'min.items': ({ count }) => t('remark.min.items', { count }),
  'min.time': () => t('remark.future'),
  max: ({ value }) => t('form.max', { max: value }),
  'max.characters': ({ count }) => t('form.long', { count }),
  'max.bytes': ({ count }) => t('form.long', { count }),
  'max.items': ({ count }) => t('remark.max.items', { count }),
  'max.time': () => t('remark.past'),
  gt: ({ value }) => t('form.above', { min: value }),
  'gt.time': () => t('remark.future'),
  lt: ({ value }) => t('form.below', { max: value }),
  'lt.time': () => t('remark.past'),
  len: ({ value }) => t('remark.len', { value }),
  'len.characters': ({ count }) => t('remark.len.characters', { count }),
  oneof: ({ value }) => t('remark.oneof', { value }),
  eq: ({ value }) => t('remark.eq', { value }),
  ne: ({ value }) => t('remark.ne', { value }),
  eqfield: ({ value }) => t('remark.same', { value }),
  nefield: ({ value }) => t('remark.other', { value }),
  startswith: ({ value }) => t('remark.start', { value }),
  endswith: ({ value }) => t('remark.end', { value }),
  contains: ({ value }) => t('remark.contains', { value }),
  excludes: ({ value }) => t('remark.excludes', { value }),
  datetime: ({ value }) => t('remark.datetime', { value }),
  'type.integer': () => t('form.integer'),
  'type.number': () => t('form.number'),
  'type.time': () => t('remark.time'),
  'type.duration': () => t('form.duration'),
  'type.boolean': () => t('remark.boolean'),
  number: () => t('form.number'),
  boolean: () => t('remark.boolean'),
  email: () => t('remark.email'),
  'format.email': () => t('remark.email'),
  url: () => t('remark.url'),
  uuid: () => t('remark.uuid'),
  alpha: () => t('remark.alpha'),
  alphanum: () => t('remark.alphanum'),
  lowercase: () => t('remark.lower'),
  uppercase: () => t('remark.upper'),
  ascii: () => t('remark.ascii'),
  hostname: () => t('remark.host'),
  hostname_port: () => t('remark.host.port'),
  ip: () => t('remark.ip'),
  cidr: () => t('remark.cidr'),
  port: () => t('remark.port'),
  json: () => t('form.json'),
  base64: () => t('remark.base64'),
  color: () => t('remark.color'),
  timezone: () => t('remark.timezone'),
  cron: () => t('remark.cron'),
  e164: () => t('remark.phone'),
  semver: () => t('remark.semver'),
  unique: () => t('remark.unique'),
  past: () => t('remark.future'), // it is past, and must not be
  'format.control': () => t('remark.control'),
  'format.role-name': () => t('roles.id.form'),
  'format.pattern': ({ value }) => t('remark.pattern', { value }),
  'unknown.role': ({ value }) => t('remark.role', { value }),
  common: () => t('remark.common'),
  context: () => t('remark.context'),
  'wrong.password': () => t('password.wrong'),
  cycle: ({ value }) => t('remark.cycle', { value }),
  taken: () => t('remark.taken'),
  name: () => t('remark.name'),
  'policy.lockout': ({ value }) => t('remark.lockout', { value }),
  'role.role': () => t('remark.none.role'),
  'subject.account': () => t('remark.none.account'),
  'subject.email': () => t('remark.none.email'),
  'subject.role': () => t('remark.none.role'),
  'subject.module': () => t('remark.none.module'),
  'subject.permission': ({ value }) => t('remark.permission', { value }),
  'key.account': () => t('remark.none.account'),
  'key.email': () => t('remark.none.email'),
  'key.kind': ({ value }) => t('remark.key.kind', { value }),
  'key.permission': ({ value }) => t('remark.permission', { value }),
};

const aliases: [RegExp, string][] = [
  [/^(gte|gtefield|too_short)$/, 'min'],
  [/^(lte|ltefield|too_long)$/, 'max'],
  [/^gtfield$/, 'gt'],
  [/^ltfield$/, 'lt'],
  [/^(missing|required_.*)$/, 'given'],
  [/^(isdefault|excluded_.*)$/, 'absent'],
  [/^(https?_url|uri)$/, 'url'],
  [/^uuid.*$/, 'uuid'],
  [/^numeric$/, 'number'],
  [/^printascii$/, 'ascii'],
  [/^(hostname_rfc1123|fqdn)$/, 'hostname'],
  [/^(ip_addr|ipv4|ipv6)$/, 'ip'],
  [/^base64.*$/, 'base64'],
  [/^(hexcolor|iscolor|rgba?|hsla?)$/, 'color'],
  [/^oneofci$/, 'oneof'],
  [/^containsany$/, 'contains'],
  [/^excludes(all|rune)$/, 'excludes'],
];

/**
 * What the server finds wrong with fields, to be shown below them. With `params` its sentence is the usual one for the
 * code, which is said in the language of the page; a module's own sentence stands as it is.
 */
export function remarks(error: unknown): FieldProblem[] {
  return error instanceof APIError ? error.fields.map((field) => ({ ...field, detail: remark(field) })) : [];
}

function remark({ code, detail, params }: FieldProblem): string {
  if (!params) return sentence(detail);
  const plain = aliases.find(([pattern]) => pattern.test(code))?.[1] ?? code;
  const key = params['of'] ? `${plain}.${params['of']}` : plain;
  const value = params['value'] ?? '';
  return Object.hasOwn(sentences, key)
    ? (sentences[key]?.({ value, count: Number(value) }) ?? '')
    : sentence(detail);
}

/** A server's remark such as `must be at least 1s`, as it stands alone below a field. */
function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) ? start : start + '.';
}
