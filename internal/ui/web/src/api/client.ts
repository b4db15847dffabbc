import { inBase } from '../config';
import { reachable } from './connection';
import { APIError, retryAfter } from './error';
import { keepFresh, mayHaveSession, refresh, refreshStamp, sessionLost } from './session';
import type { Problem } from './types';

export interface RequestOptions {
  body?: unknown;
  /** Entity tag the change is based on. */
  ifMatch?: string | undefined;
  /** Only where nothing is yet. */
  ifNew?: boolean;
  signal?: AbortSignal | undefined;
  /** A call that itself signs in or out: a 401 is its answer, not a lost session. */
  anonymous?: boolean;
  /** The answer comes in events, as long as that takes. */
  stream?: boolean;
}

export interface Answer<T> {
  data: T;
  etag: string;
  status: number;
}

const timeoutMs = 20_000;

/** Asks the server below api/v1 and returns the decoded body. Rejects with an APIError only. */
export async function ask<T>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>> {
  const response = await open(method, path, options);
  return {
    data: (await decode(response)) as T,
    etag: response.headers.get('ETag') ?? '',
    status: response.status,
  };
}

/** Asks the server below api/v1 and returns its answer unread, if it is a good one. Rejects with an APIError only. */
export async function open(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const known = refreshStamp();
  if (!options.anonymous) await keepFresh().catch(() => undefined);
  let response = await send(method, path, options);
  if (response.status === 401 && !options.anonymous) {
    if (!(await again(known))) {
      sessionLost.set(true);
      throw await failure(response);
    }
    response = await send(method, path, options);
    if (response.status === 401) sessionLost.set(true);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function again(known: string): Promise<boolean> {
  if (!mayHaveSession()) return false;
  try {
    return await refresh(known);
  } catch (error) {
    throw error instanceof APIError ? error : new APIError(0);
  }
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const { stream, signal } = options;
  const headers: Record<string, string> = { Accept: stream ? 'text/event-stream' : 'application/json' };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  // A proxy that compresses answers makes tags weak, and those match no change.
  if (options.ifMatch) headers['If-Match'] = options.ifMatch.replace(/^W\//, '');
  if (options.ifNew) headers['If-None-Match'] = '*';
  const signals = [signal, stream ? undefined : AbortSignal.timeout(timeoutMs)].filter((one) => !!one);
  try {
    const response = await fetch(inBase('api/v1/' + path), {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: AbortSignal.any(signals),
    });
    reachable.set(true);
    return response;
  } catch (error) {
    // The caller went away: not the server's fault.
    if (signal?.aborted) throw error;
    reachable.set(false);
    throw new APIError(0);
  }
}

async function decode(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  try {
    return await response.json();
  } catch {
    throw new APIError(response.status, { title: 'unreadable answer' });
  }
}

async function failure(response: Response): Promise<APIError> {
  let problem: Problem = {};
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null) problem = body as Problem;
  } catch {
    // A proxy's page instead of a problem: the status has to do.
  }
  return new APIError(response.status, problem, retryAfter(response));
}

/** Reads. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask<T>('GET', path, { signal })).data;
}

/** Posts; the body is an empty object when there is nothing to say. */
export async function post<T>(path: string, body: unknown = {}, options: RequestOptions = {}): Promise<T> {
  return (await ask<T>('POST', path, { ...options, body })).data;
}
