import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface Props {
  op?: string;
  schema?: string;
  children: ReactNode;
}

/** A link to an operation or a schema of these pages; what was searched for stays. */
export function DocsLink({ op, schema, children }: Props) {
  const search = (old: Record<string, unknown>) => ({
    ...(old['q'] !== undefined && { q: old['q'] }),
    ...(op && { op }),
    ...(schema && { schema }),
  });
  return (
    <Link to="." search={search as never} resetScroll={false}>
      {children}
    </Link>
  );
}

/** A link to a schema, by its name if nothing else is said. */
export function SchemaLink({ name, children = name }: { name: string; children?: ReactNode }) {
  return <DocsLink schema={name}>{children}</DocsLink>;
}
