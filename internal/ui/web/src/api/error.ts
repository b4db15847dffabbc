import { region } from '../locale';
import { t } from '../strings';
import type { FieldProblem, Problem } from './types';

/** Why a request has no good answer. Status 0 means that no answer came at all. */
export class APIError extends Error {
  override readonly name = 'APIError';
  /** When it happened, in milliseconds since the epoch. */
  readonly at = Date.now();

  constructor(
    readonly status: number,
    readonly problem: Problem = {},
    /** Seconds to wait, from Retry-After; 0 when the server named none. */
    readonly retryAfter = 0,
  ) {
    super(problem.detail || problem.title || `HTTP ${String(status)}`);
  }

  /** The stable last part of the problem's type, such as `module-required`. */
  get slug(): string {
    return /[^:/]+$/.exec(this.problem.type ?? '')?.[0] ?? '';
  }

  /** What is wrong with the input, as the server says it; `remarks` says it to people. */
  get fields(): FieldProblem[] {
    return this.problem.errors ?? [];
  }
}

/** What to tell a person: what happened, and what to do next. */
export interface Told {
  title: string;
  detail: string;
}

/** Puts an error in words; the server's own sentence wins where it knows more than the status does. */
export function tell(error: unknown): Told {
  if (!(error instanceof APIError)) return { title: t('error.title'), detail: t('error.unknown') };
  const said = error.problem.detail ?? '';
  switch (error.status) {
    case 0:
      return { title: t('error.unreachable.title'), detail: t('error.unreachable') };
    case 401:
      return { title: t('error.session.title'), detail: t('error.session') };
    case 403:
      return { title: t('error.forbidden.title'), detail: said || t('error.forbidden') };
    case 404:
      return { title: t('error.missing.title'), detail: t('error.missing') };
    case 409:
      return { title: t('error.conflict.title'), detail: said || t('error.conflict') };
    case 412:
    case 428:
      return { title: t('error.stale.title'), detail: t('error.stale') };
    case 422:
      return { title: t('error.invalid.title'), detail: said || t('error.invalid') };
    case 429:
      return { title: t('error.busy.title'), detail: wait(error) };
    case 503:
      return { title: t('error.down.title'), detail: said || t('error.down') };
    default:
      return { title: t('error.title'), detail: said || t('error.unknown') };
  }
}

function wait(error: APIError): string {
  return error.retryAfter > 0 ? waitWords(error.retryAfter) : t('error.busy');
}

/** Tells to wait, in seconds or where that is long in minutes or hours. */
export function waitWords(seconds: number): string {
  const [unit, size]: [string, number] =
    seconds < 120 ? ['second', 1] : seconds < 7_200 ? ['minute', 60] : ['hour', 3_600];
  const span = new Intl.NumberFormat(region(), { style: 'unit', unit, unitDisplay: 'long' });
  return t('error.busy.wait', { span: span.format(Math.ceil(seconds / size)) });
}

const longestWait = 7 * 86_400;

/** Retry-After as seconds: RFC 9110, section 10.2.3 allows a number or a date. 0: there is none. */
export function retryAfter(response: Response): number {
  const header = response.headers.get('Retry-After');
  if (!header) return 0;
  const plain = Number(header);
  const value = Number.isNaN(plain) ? (Date.parse(header) - Date.now()) / 1000 : plain;
  return Number.isFinite(value) && value > 0 ? Math.min(Math.ceil(value), longestWait) : 0;
}
