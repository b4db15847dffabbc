import type { Module } from '../api/types';
import { t } from '../strings';

/** The worst health that a live instance reports. */
export interface Health {
  status: 'ok' | 'failing' | 'unknown';
  detail: string;
}

/** Sums a module's instances up: one failing instance is worth knowing first. */
export function healthOf(module: Module): Health {
  const reports = module.instances.filter((instance) => instance.live).map((instance) => instance.health);
  const failing = reports.find((health) => health?.status === 'failing');
  if (failing) return { status: 'failing', detail: failing.detail ?? '' };
  if (reports.some((health) => health?.status === 'ok')) return { status: 'ok', detail: '' };
  return { status: 'unknown', detail: '' };
}

const looks = { ok: 'good', failing: 'bad', unknown: '' };

/** Health as a word with a hue. */
export function HealthText({
  health,
}: {
  health: { status: Health['status']; detail?: string | undefined };
}) {
  return (
    <span className={`badge ${looks[health.status]}`} title={health.detail || undefined}>
      {t(`health.${health.status}`)}
    </span>
  );
}
