const looks: Record<string, string> = {
  GET: 'accent',
  POST: 'good',
  PUT: 'warn',
  PATCH: 'warn',
  DELETE: 'bad',
};

/** An HTTP method as a word with a hue. */
export function Method({ method }: { method: string }) {
  return <span className={`badge plain method ${looks[method] ?? ''}`}>{method}</span>;
}
