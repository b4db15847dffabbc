import type { Module } from '../api/types';
import { t } from '../strings';
import { StateBadge } from './state';

/** The worst health that a live instance reports. */
export interface Health {
  status: string;
  detail?: string | undefined;
}

/** Sums a module's instances up: one failing instance is worth knowing first. */
export function healthOf(module: Module): Health {
  const reports = module.instances.filter((instance) => instance.live).map((instance) => instance.health);
  const failing = reports.find((health) => health.status === 'failing');
  if (failing) return { status: 'failing', detail: failing.detail ?? '' };
  if (reports.some((health) => health.status === 'ok')) return { status: 'ok', detail: '' };
  return { status: 'unknown', detail: '' };
}

const looks: Record<string, string> = { ok: 'good', failing: 'bad' };

const names = (): Record<string, string> => ({
  ok: t('health.ok'),
  failing: t('health.failing'),
  unknown: t('health.unknown'),
});

/** Health as a word with a hue. */
export function HealthText({ health }: { health: Health }) {
  return (
    <span className={`badge ${looks[health.status] ?? ''}`} title={health.detail || undefined}>
      {names()[health.status] ?? health.status}
    </span>
  );
}

/** The health of what runs; of what does not, what it is instead. */
export function HealthOrState({ state, health }: { state: string; health: Health }) {
  return state === 'enabled' || health.status === 'failing' ? (
    <HealthText health={health} />
  ) : (
    <StateBadge state={state} />
  );
}
