import { createStore } from '../store';

/** How close together rows stand. */
export type Density = 'roomy' | 'compact';

const key = 'dashboard-density';

function stored(): Density {
  try {
    return localStorage.getItem(key) === 'compact' ? 'compact' : 'roomy';
  } catch {
    return 'roomy';
  }
}

/** The density this person likes, on every table. */
export const density = createStore<Density>(stored());

/** Chooses a density and remembers it. */
export function setDensity(next: Density): void {
  try {
    localStorage.setItem(key, next);
  } catch {
    // A browser that keeps nothing still has it for this page.
  }
  density.set(next);
}
