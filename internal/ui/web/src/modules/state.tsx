import { t } from '../strings';

const looks: Record<string, string> = {
  enabled: 'good',
  failed: 'bad',
  quarantined: 'bad',
  blocked: 'warn',
  installing: 'accent',
  enabling: 'accent',
  draining: 'accent',
  disabling: 'accent',
  uninstalling: 'accent',
  upgrading: 'accent',
};

const names = (): Record<string, string> => ({
  available: t('state.available'),
  installing: t('state.installing'),
  installed: t('state.installed'),
  enabling: t('state.enabling'),
  enabled: t('state.enabled'),
  draining: t('state.draining'),
  disabling: t('state.disabling'),
  uninstalling: t('state.uninstalling'),
  upgrading: t('state.upgrading'),
  failed: t('state.failed'),
  blocked: t('state.blocked'),
  quarantined: t('state.quarantined'),
});

/** A module's state as a word with a hue; the word alone says it. */
export function StateBadge({ state }: { state: string }) {
  return <span className={`badge ${looks[state] ?? ''}`}>{stateName(state)}</span>;
}

/** A state in words; one from a newer server as it is. */
export function stateName(state: string): string {
  return names()[state] ?? state;
}
