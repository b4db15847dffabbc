import type { Module, Operation } from '../api/types';

/** What may be done with a module in its present state, the usual next step first. */
export function actions(module: Module): Operation[] {
  switch (module.state) {
    case 'available':
      return ['install', 'enable'];
    case 'installed':
      return [...upgrade(module), 'enable', 'uninstall'];
    case 'enabled':
      return [...upgrade(module), 'disable', 'uninstall'];
    case 'failed':
      return ['retry', 'rollback', 'force'];
    default:
      return []; // on its way to another state
  }
}

function upgrade(module: Module): Operation[] {
  return module.installed_version && module.installed_version !== module.version ? ['upgrade'] : [];
}

/** Operations after which something is gone or forced. */
export function isGrave(op: Operation): boolean {
  return op === 'uninstall' || op === 'force';
}
