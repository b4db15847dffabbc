import type { TableData } from '../api/types';
import { t } from '../strings';
import { cell, isNumeric } from './cell';

/** Rows and columns; the head stays in sight, numbers align by their digits. */
export function DataTable({ title, data }: { title: string; data: TableData }) {
  if (data.rows.length === 0) return <p className="empty">{t('panel.empty')}</p>;
  return (
    // Scrollable areas must be reachable without a mouse.
    <div className="table-scroll" tabIndex={0} role="region" aria-label={t('panel.table', { title })}>
      <table className="table">
        <thead>
          <tr>
            {data.columns.map((column) => (
              <th key={column.key} scope="col" className={isNumeric(column.kind) ? 'end' : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.rows.map((row, index) => (
            <tr key={index}>
              {data.columns.map((column) => (
                <td key={column.key} className={isNumeric(column.kind) ? 'end' : undefined}>
                  {cell(column.kind, row[column.key])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
