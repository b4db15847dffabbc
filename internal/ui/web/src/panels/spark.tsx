const width = 100;
const height = 30;

/** A line of recent values without axes; decoration beside the number it belongs to. */
export function Spark({ values }: { values: number[] }) {
  const points = values.filter(Number.isFinite);
  if (points.length < 2) return null;
  const high = Math.max(...points);
  // A tenth of the value at least, or noise would look like news.
  const span = Math.max(high - Math.min(...points), Math.abs(high) / 10) || 1;
  const low = high - span;
  const step = width / (points.length - 1);
  const line = points
    .map(
      (value, index) =>
        `${(index * step).toFixed(2)} ${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(2)}`,
    )
    .join('L');
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${String(width)} ${String(height)}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="area" d={`M${line}L${String(width)} ${String(height)}L0 ${String(height)}Z`} />
      <path
        d={`M${line}`}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
