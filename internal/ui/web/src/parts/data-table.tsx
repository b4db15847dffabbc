import type { ReactNode } from 'react';

/** Of a cell whose text is read to its end. */
export const wrapped = { whiteSpace: 'normal' } as const;

interface Props {
  title: string;
  heads: string[];
  /** From this column on there are numbers. */
  numbers?: number;
  children: ReactNode;
}

/** A table whose rows become blocks where it is narrow, while its elements keep their roles. */
export function DataTable({ title, heads, numbers = heads.length, children }: Props) {
  return (
    <div className="card flush data stretch">
      <div className="table-scroll full" tabIndex={0} role="region" aria-label={title}>
        <table className="table data-table" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {heads.map((head, index) => (
                <th
                  key={head}
                  scope="col"
                  role="columnheader"
                  className={index >= numbers ? 'end' : undefined}
                >
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">{children}</tbody>
        </table>
      </div>
    </div>
  );
}
