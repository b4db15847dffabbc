import { config, inBase } from '../config';
import { createStore } from '../store';
import { APIError, retryAfter } from './error';

/** Set when the server no longer knows the person and a silent refresh did not help. */
export const sessionLost = createStore(false);

// Times shared by the tabs of one dashboard: never a token, which scripts cannot read.
const expiryKey = `dashboard:${config.base}:expires`;
const refreshedKey = `dashboard:${config.base}:refreshed`;
const lockName = `dashboard:${config.base}:refresh`;
const earlyMs = 15_000;

/** Notes how long the access cookie lives, so that it is renewed before it ends. */
export function noteExpiry(seconds: number): void {
  write(expiryKey, String(Date.now() + seconds * 1000));
  sessionLost.set(false);
}

/** Forgets the session in every tab. */
export function forgetSession(): void {
  try {
    localStorage.removeItem(expiryKey);
  } catch {
    memory.clear();
  }
}

/** Whether a person has signed in here before; a page of a stranger asks for no refresh. */
export function mayHaveSession(): boolean {
  return read(expiryKey) !== '';
}

/** Renews the access cookie when it is about to end. */
export async function keepFresh(): Promise<void> {
  const expires = Number(read(expiryKey));
  if (expires > 0 && expires - Date.now() < earlyMs) await refresh(refreshStamp());
}

/** A mark to hand to refresh: which renewal the caller knew of when it asked. */
export function refreshStamp(): string {
  return read(refreshedKey);
}

let running: Promise<boolean> | null = null;

/**
 * Renews the access cookie once for all callers and tabs. Answers whether there is a session; rejects when
 * the server could not say. `known` is the stamp from before the caller's own request: when another tab has
 * renewed since, nothing is sent.
 */
export function refresh(known: string): Promise<boolean> {
  running ??= locked(known).finally(() => {
    running = null;
  });
  return running;
}

async function locked(known: string): Promise<boolean> {
  // Locks exist in secure contexts only; elsewhere the server's grace for two tabs has to do.
  const locks = (navigator as { locks?: LockManager }).locks;
  return locks ? await locks.request(lockName, () => renew(known)) : renew(known);
}

async function renew(known: string): Promise<boolean> {
  if (refreshStamp() !== known) return true;
  const response = await fetch(inBase('api/v1/auth/refresh'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: '{}',
    signal: AbortSignal.timeout(15_000),
  });
  if (response.status === 401) {
    forgetSession();
    return false;
  }
  if (response.status === 429) throw new APIError(429, {}, retryAfter(response));
  if (!response.ok) throw new Error(`refresh answered ${String(response.status)}`);
  const body = (await response.json()) as { expires_in?: number };
  write(refreshedKey, String(Date.now()) + Math.random().toString(36));
  noteExpiry(body.expires_in ?? 300);
  return true;
}

// For browsers that refuse storage, this tab at least remembers.
const memory = new Map<string, string>();

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return memory.get(key) ?? '';
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    memory.set(key, value);
  }
}

/** Calls back when another tab signs in or out. */
export function onOtherTab(listener: () => void): () => void {
  const heard = (event: StorageEvent) => {
    if (event.key === expiryKey && (event.newValue === null || event.oldValue === null)) listener();
  };
  addEventListener('storage', heard);
  return () => {
    removeEventListener('storage', heard);
  };
}
