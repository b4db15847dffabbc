import { useLayoutEffect, useRef, useState } from 'react';

const item = 'dashboard-heights';
const limit = 300;

/**
 * How high a part of the page was when it was last seen in this browser, so that what is below it stands still when its
 * data comes. `filled` says that it has come; until then the part, which `attach` tells, gets the height in `style`.
 */
export function useLastHeight(name: string): {
  attach: (element: HTMLElement | null) => void;
  /** In pixels; 0 where it is not known. */
  last: number;
  style: { minBlockSize: number } | undefined;
  onFilled: () => void;
} {
  const [element, attach] = useState<HTMLElement | null>(null);
  const [filled, setFilled] = useState(false);
  // The number of columns changes with the width, and every height with it.
  const [key] = useState(() => `${name} ${String(columns())}`);
  const [last] = useState(() => read()[key] ?? 0);
  useLayoutEffect(() => {
    if (!filled || !element) return;
    const observer = new ResizeObserver(() => {
      keep(key, element.offsetHeight);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [filled, element, key]);
  return {
    attach,
    last,
    style: filled || last === 0 ? undefined : { minBlockSize: last },
    onFilled: () => {
      setFilled(true);
    },
  };
}

/** Tells that what it stands beside is there, which a boundary for lazy parts may delay. */
export function Filled({ onFilled }: { onFilled: () => void }) {
  const tell = useRef(onFilled);
  useLayoutEffect(() => {
    tell.current();
  }, []);
  return null;
}

function columns(): number {
  return [72, 40].filter((rem) => matchMedia(`(max-width: ${String(rem)}rem)`).matches).length;
}

function read(): Record<string, number> {
  try {
    return JSON.parse(localStorage.getItem(item) ?? '{}') as Record<string, number>;
  } catch {
    return {};
  }
}

function keep(key: string, height: number): void {
  const { [key]: before, ...others } = read();
  if (height === 0 || before === height) return;
  try {
    const kept = Object.entries(others).slice(1 - limit);
    localStorage.setItem(item, JSON.stringify(Object.fromEntries([...kept, [key, height]])));
  } catch {
    // Storage is full or forbidden: the next visit moves a little.
  }
}
