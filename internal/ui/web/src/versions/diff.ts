/** One line of two texts side by side. */
export interface Line {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

// Beyond this the table of the comparison would be large; then everything is shown as replaced.
const mostCells = 4_000_000;

/** What became of the lines of a text. */
export function diffLines(before: string, after: string): Line[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const same = (lines: string[]): Line[] => lines.map((text) => ({ kind: 'same', text }));
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ];
}

function middle(a: string[], b: string[]): Line[] {
  const width = b.length + 1;
  const lines: Line[] = [];
  const tooMany = (a.length + 1) * width > mostCells;
  // The longest common sequence of what is left, from the end.
  const longest = new Uint32Array(tooMany ? 0 : (a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  if (!tooMany)
    for (let i = a.length - 1; i >= 0; i--)
      for (let j = b.length - 1; j >= 0; j--)
        longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (!tooMany && i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '' });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || tooMany || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: 'gone', text: a[i] ?? '' });
      i++;
    } else {
      lines.push({ kind: 'new', text: b[j] ?? '' });
      j++;
    }
  }
  return lines;
}

/** Only the changed lines with some around them; null stands for what is left out. */
export function nearChanges(lines: Line[], around = 3): (Line | null)[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(at - around, 0), at + around + 1).some(({ kind }) => kind !== 'same'),
  );
  const out: (Line | null)[] = [];
  lines.forEach((line, at) => {
    if (near[at]) out.push(line);
    else if (out.at(-1) !== null) out.push(null);
  });
  return out;
}
