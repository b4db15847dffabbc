// A page that cannot be drawn: it throws as soon as it is asked to.
export const apiVersion = 1;

export function mount() {
  throw new Error('This page is broken on purpose.');
}
