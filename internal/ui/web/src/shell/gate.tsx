import { useEffect, type ReactNode } from 'react';
import { config } from '../config';
import { Mark } from '../parts/icons';

/** The frame of screens for people who are not signed in. */
export function Gate({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = title.includes(config.title) ? title : `${title} · ${config.title}`;
  }, [title]);
  return (
    <main className="gate">
      <div className="card">
        <span className="brand-mark">
          <Mark size={32} />
        </span>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
