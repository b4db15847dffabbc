import { arrived } from './arrival';

const patienceMs = 5_000;

/** Shows a panel of the page that comes, and gives it the focus, as soon as it is there. */
export function showPanel(key: string): void {
  const reach = () => {
    const panel = document.querySelector<HTMLElement>(`[data-panel="${CSS.escape(key)}"]`);
    if (!panel) return false;
    // The focus goes here and not to the heading of the page that came.
    arrived();
    panel.tabIndex = -1;
    panel.scrollIntoView({ block: 'center' });
    // While the overview is arranged its panels cannot be used; their grips can.
    const grip = panel.closest('[data-tile]')?.querySelector<HTMLElement>('.tile-grip');
    (grip ?? panel).focus({ preventScroll: true });
    return true;
  };
  // The palette gives the focus back first.
  requestAnimationFrame(() => {
    if (reach()) return;
    const watch = new MutationObserver(() => {
      if (reach()) stop();
    });
    const timer = setTimeout(() => {
      stop();
    }, patienceMs);
    const stop = () => {
      watch.disconnect();
      clearTimeout(timer);
    };
    watch.observe(document.body, { childList: true, subtree: true });
  });
}
