// The part of CommonMark that a panel needs: headings, paragraphs, lists, quotes, code, rules, tables, links.

export type Inline =
  | { kind: 'text' | 'code'; text: string }
  | { kind: 'strong' | 'em' | 'strike'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] }
  | { kind: 'break' };

export type Block =
  | { kind: 'heading'; level: number; text: Inline[] }
  | { kind: 'paragraph'; text: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'rule' }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] };

const maxDepth = 8;

const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const fence = /^ {0,3}(```+|~~~+)/;
const rule = /^ {0,3}([-*_])( *\1){2,} *$/;
const quote = /^ {0,3}> ?/;
const bullet = /^( {0,3})([-*+]|(\d{1,9})[.)])(\s+|$)/;
const divider = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Reads Markdown. Every input is valid; deep nesting becomes text. */
export function parse(source: string, depth = 0): Block[] {
  const lines = source.replace(/\r\n?/g, '\n').split('\n');
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '') {
      at++;
      continue;
    }
    const [block, next] = readBlock(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function readBlock(lines: string[], at: number, depth: number): [Block, number] {
  const line = lines[at] ?? '';
  const title = heading.exec(line);
  if (title)
    return [{ kind: 'heading', level: title[1]?.length ?? 1, text: parseInline(title[2] ?? '') }, at + 1];
  if (fence.test(line)) return readFence(lines, at);
  if (rule.test(line)) return [{ kind: 'rule' }, at + 1];
  if (depth < maxDepth && quote.test(line)) return readQuote(lines, at, depth);
  if (depth < maxDepth && bullet.test(line)) return readList(lines, at, depth);
  if (line.includes('|') && divider.test(lines[at + 1] ?? '')) return readTable(lines, at);
  return readParagraph(lines, at);
}

function readFence(lines: string[], at: number): [Block, number] {
  const mark = fence.exec(lines[at] ?? '')?.[1] ?? '```';
  const text: string[] = [];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? '';
    if (line.trim().startsWith(mark) && line.trim().replaceAll(mark[0] ?? '`', '') === '') break;
    text.push(line);
  }
  return [{ kind: 'code', text: text.join('\n') }, next + 1];
}

function readQuote(lines: string[], at: number, depth: number): [Block, number] {
  const inner: string[] = [];
  let next = at;
  for (; next < lines.length && (lines[next] ?? '').trim() !== ''; next++) {
    inner.push((lines[next] ?? '').replace(quote, ''));
  }
  return [{ kind: 'quote', blocks: parse(inner.join('\n'), depth + 1) }, next];
}

function readList(lines: string[], at: number, depth: number): [Block, number] {
  const first = bullet.exec(lines[at] ?? '');
  const ordered = first?.[3] !== undefined;
  const items: Block[][] = [];
  let next = at;
  while (next < lines.length) {
    const found = bullet.exec(lines[next] ?? '');
    if (!found || (found[3] !== undefined) !== ordered || rule.test(lines[next] ?? '')) break;
    const [item, after] = readItem(lines, next, found[0].length);
    items.push(parse(item, depth + 1));
    next = after;
  }
  return [{ kind: 'list', ordered, start: Number(first?.[3] ?? 1), items }, next];
}

// An item goes on while lines are indented below it, or are a paragraph's lazy continuation.
function readItem(lines: string[], at: number, indent: number): [string, number] {
  const text = [(lines[at] ?? '').slice(indent)];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? '';
    const lead = line.length - line.trimStart().length;
    if (line.trim() === '') {
      const following = lines[next + 1] ?? '';
      if (following.trim() === '' || following.length - following.trimStart().length < 2) break;
      text.push('');
    } else if (lead >= 2) {
      text.push(line.slice(Math.min(lead, indent)));
    } else if (bullet.test(line) || startsBlock(line)) {
      break;
    } else {
      text.push(line);
    }
  }
  while (next < lines.length && (lines[next] ?? '').trim() === '' && bullet.test(lines[next + 1] ?? ''))
    next++;
  return [text.join('\n'), next];
}

function startsBlock(line: string): boolean {
  return heading.test(line) || fence.test(line) || rule.test(line) || quote.test(line);
}

function readTable(lines: string[], at: number): [Block, number] {
  const head = cells(lines[at] ?? '');
  const rows: Inline[][][] = [];
  let next = at + 2;
  for (; next < lines.length && (lines[next] ?? '').includes('|'); next++) {
    const row = cells(lines[next] ?? '');
    rows.push(head.map((_, column) => row[column] ?? []));
  }
  return [{ kind: 'table', head, rows }, next];
}

function cells(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((text) => parseInline(text.trim()));
}

function readParagraph(lines: string[], at: number): [Block, number] {
  const text = [lines[at] ?? ''];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? '';
    if (line.trim() === '' || startsBlock(line) || bullet.test(line)) break;
    text.push(line);
  }
  return [{ kind: 'paragraph', text: parseInline(text.map((line) => line.trimStart()).join('\n')) }, next];
}

// One alternative per construct; what none matches is text.
const token =
  /\\([!-/:-@[-`{-~])|(`+)([^]*?[^`])\2(?!`)|\[((?:[^[\]\\]|\\.)*)\]\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\))?[^\s<>()]*)>?(?:\s+"[^"\n]*")?\s*\)|<(https?:\/\/[^\s<>]+)>|(\*\*|__)(?=\S)([^]*?\S)\7|~~(?=\S)([^]*?\S)~~|(\*)(?=\S)([^]*?\S)\*(?!\*)|(?<![A-Za-z0-9])_(?=\S)([^]*?\S)_(?![A-Za-z0-9])| {2,}\n/g;

function parseInline(source: string, depth = 0): Inline[] {
  if (depth > maxDepth) return [{ kind: 'text', text: source }];
  const parts: Inline[] = [];
  let from = 0;
  for (const found of source.matchAll(token)) {
    if (found.index > from) text(parts, source.slice(from, found.index));
    from = found.index + found[0].length;
    parts.push(construct(found, depth));
  }
  if (from < source.length) text(parts, source.slice(from));
  return parts;
}

function construct(found: RegExpMatchArray, depth: number): Inline {
  const [whole, escaped, , code, label, href, bare, , strong, strike, , star, under] = found;
  const inside = (source: string) => parseInline(source, depth + 1);
  if (escaped !== undefined) return { kind: 'text', text: escaped };
  if (code !== undefined) return { kind: 'code', text: code.replace(/^ (.*) $/, '$1') };
  if (bare !== undefined) return { kind: 'link', href: bare, children: [{ kind: 'text', text: bare }] };
  if (label !== undefined) {
    const target = safe(href ?? '');
    return target === ''
      ? { kind: 'text', text: label }
      : { kind: 'link', href: target, children: inside(label) };
  }
  if (strong !== undefined) return { kind: 'strong', children: inside(strong) };
  if (strike !== undefined) return { kind: 'strike', children: inside(strike) };
  if (star !== undefined || under !== undefined) return { kind: 'em', children: inside(star ?? under ?? '') };
  return whole.endsWith('\n') ? { kind: 'break' } : { kind: 'text', text: whole };
}

function text(parts: Inline[], value: string): void {
  parts.push({ kind: 'text', text: value });
}

/** The address when it is one a person may follow; "" for scripts, data and whatever else. */
export function safe(href: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(href.trim())?.[1]?.toLowerCase();
  // Browsers skip control characters inside a scheme.
  if (/[\u0000-\u0020]/.test(href)) return '';
  return scheme === undefined || ['http', 'https', 'mailto'].includes(scheme) ? href : '';
}
