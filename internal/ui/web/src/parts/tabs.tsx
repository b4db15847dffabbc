import { useEffect, useRef, type ReactNode } from 'react';

/** The way between screens that belong together. Where they do not all fit, it shows the one that is open. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  const nav = useRef<HTMLElement>(null);
  const shown = useRef<Element>(null);
  // After each render: what a person may see, and so what there is, comes later.
  useEffect(() => {
    const open = nav.current?.querySelector('[aria-current="page"]') ?? null;
    if (open && nav.current && open !== shown.current) {
      const [outer, inner] = [nav.current.getBoundingClientRect(), open.getBoundingClientRect()];
      nav.current.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
    }
    shown.current = open;
  });
  return (
    <nav ref={nav} className="tabs" aria-label={label}>
      {children}
    </nav>
  );
}
