import { useEffect, useRef, type ReactNode } from 'react';
import { config } from '../config';
import { arrived } from '../shell/arrival';

interface Props {
  title: string;
  crumbs?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A screen's frame: names the document, and takes focus after a navigation so that readers hear where they are. */
export function Page({ title, crumbs, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${config.title}`;
  }, [title]);
  useEffect(() => {
    if (arrived()) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      {crumbs}
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions && <div className="row">{actions}</div>}
      </div>
      {children}
    </>
  );
}
