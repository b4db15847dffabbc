import { t } from '../strings';

/** A grey block of a final size; hidden from assistive technology. */
export function Skeleton({ height, width = '100%' }: { height: string; width?: string }) {
  return <span className="skeleton" aria-hidden="true" style={{ blockSize: height, inlineSize: width }} />;
}

/** Rows of grey, said once as loading. */
export function LoadingRows({ rows, height = '3.5rem' }: { rows: number; height?: string }) {
  return (
    <div className="stack" role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} />
      ))}
    </div>
  );
}
