import { measured } from '../format';
import { t } from '../strings';
import type { Run } from './types';

const looks: Record<string, string> = { ok: 'good', failed: 'bad', lost: 'warn', running: 'accent' };

/** How a run ended, as a word with a hue. */
export function Outcome({ outcome }: { outcome: string }) {
  return <span className={`badge ${looks[outcome] ?? ''}`}>{outcomeName(outcome)}</span>;
}

function outcomeName(outcome: string): string {
  switch (outcome) {
    case 'ok':
      return t('jobs.outcome.ok');
    case 'failed':
      return t('jobs.outcome.failed');
    case 'skipped':
      return t('jobs.outcome.skipped');
    case 'lost':
      return t('jobs.outcome.lost');
    case 'running':
      return t('jobs.running');
    default:
      return outcome; // from a newer server
  }
}

/** Why a run began. */
export function triggerName(trigger: string): string {
  switch (trigger) {
    case 'schedule':
      return t('jobs.trigger.schedule');
    case 'manual':
      return t('jobs.trigger.manual');
    case 'catch-up':
      return t('jobs.trigger.late');
    default:
      return trigger;
  }
}

/** How long a run took. */
export function took(run: Run): string {
  return run.duration_ms === undefined ? '–' : measured(run.duration_ms / 1000, 'seconds');
}
