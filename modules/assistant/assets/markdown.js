// Markdown as models write it, drawn as DOM nodes and never as HTML: paragraphs, headings, lists, quotes, code, tables,
// emphasis and links. Text that grows is parsed again from the start of its last block only. Whatever a model writes, the
// time that it takes grows with its length and not with the square: no pattern here goes over the same letters again and again.

import { inline } from './inline.js';

const maxDepth = 8; // of quotes and lists within each other
const maxColumns = 50;

const fenceLine = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`]{0,80})$/;
const headingLine = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const ruleLine = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const itemLine = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|)$/s;
const quoteLine = /^ {0,3}>/;
const tableRule = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?$/;

/**
 * Parses text into blocks. Each has `start`, where it begins, and `sure`, up to where the text has to be there, line ends
 * included, for that beginning to be certain.
 */
export function parse(text, depth = 0) {
  const lines = split(text);
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at].text.trim() === '') {
      at++;
      continue;
    }
    const block = { start: lines[at].start, sure: lines[at].end };
    const next =
      fence(lines, at, block) ??
      heading(lines, at, block) ??
      rule(lines, at, block) ??
      quote(lines, at, block, depth) ??
      list(lines, at, block, depth) ??
      table(lines, at, block) ??
      paragraph(lines, at, block);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function split(text) {
  const lines = [];
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\n', start);
    // A line that has not ended yet is not certain, however long it is.
    const next = end < 0 ? text.length + 1 : end + 1;
    if (end < 0) end = text.length;
    lines.push({ text: text.slice(start, end).replace(/\r$/, ''), start, end: next });
    start = next;
  }
  return lines;
}

function fence(lines, at, block) {
  const open = fenceLine.exec(lines[at].text);
  if (!open) return undefined;
  const close = new RegExp(`^ {0,3}${open[1][0]}{${open[1].length},}[ \\t]*$`);
  const body = [];
  let i = at + 1;
  while (i < lines.length && !close.test(lines[i].text)) body.push(lines[i++].text);
  Object.assign(block, { type: 'code', language: open[2].trim(), text: body.join('\n') });
  return Math.min(i + 1, lines.length);
}

function heading(lines, at, block) {
  const found = headingLine.exec(lines[at].text);
  if (!found) return undefined;
  const text = lines[at].text.slice(found[0].length).trim();
  let end = text.length; // before the marks that may close it
  while (text[end - 1] === '#') end--;
  const closed = end === 0 || (end < text.length && /\s/.test(text[end - 1]));
  const shown = closed ? text.slice(0, end).trimEnd() : text;
  Object.assign(block, { type: 'heading', level: found[1].length, inline: inline(shown) });
  return at + 1;
}

function rule(lines, at, block) {
  if (!ruleLine.test(lines[at].text)) return undefined;
  block.type = 'rule';
  return at + 1;
}

function quote(lines, at, block, depth) {
  if (!quoteLine.test(lines[at].text) || depth >= maxDepth) return undefined;
  const inner = [];
  let i = at;
  while (i < lines.length && quoteLine.test(lines[i].text))
    inner.push(lines[i++].text.replace(/^ {0,3}> ?/, ''));
  Object.assign(block, { type: 'quote', blocks: parse(inner.join('\n'), depth + 1) });
  return i;
}

function list(lines, at, block, depth) {
  const first = itemLine.exec(lines[at].text);
  if (!first || depth >= maxDepth) return undefined;
  const kind = kindOf(first[2]);
  const items = [];
  let loose = false;
  let i = at;
  for (;;) {
    const item = i < lines.length && !ruleLine.test(lines[i].text) && itemLine.exec(lines[i].text);
    if (!item || kindOf(item[2]) !== kind) break;
    const gap = Math.min(item[3]?.length ?? 1, 4);
    const indent = item[1].length + item[2].length + gap;
    const body = [item[4] ?? ''];
    let blank = 0;
    for (i++; i < lines.length; i++) {
      const line = lines[i].text;
      if (line.trim() === '') {
        blank++;
        continue;
      }
      const inside = leading(line) >= Math.min(indent, 2);
      // A paragraph goes on without being indented, unless something else begins.
      if (!inside && (blank > 0 || starts(lines, i))) break;
      for (; blank > 0; blank--) {
        body.push('');
        loose = true;
      }
      body.push(line.slice(Math.min(leading(line), indent)));
    }
    items.push(parse(body.join('\n'), depth + 1));
    const more = i < lines.length && !ruleLine.test(lines[i].text) && itemLine.exec(lines[i].text);
    if (blank > 0 && more && kindOf(more[2]) === kind) loose = true;
  }
  if (items.length === 0) return undefined;
  Object.assign(block, {
    type: 'list',
    ordered: kind !== '-' && kind !== '*' && kind !== '+',
    first: parseInt(first[2], 10),
    items,
    loose,
  });
  return i;
}

const kindOf = (marker) => marker.at(-1);
const leading = (line) => line.length - line.trimStart().length;

function table(lines, at, block) {
  if (!isTable(lines, at)) return undefined;
  const head = cells(lines[at].text);
  const align = cells(lines[at + 1].text).map((c) =>
    c.endsWith(':') ? (c.startsWith(':') ? 'center' : 'end') : '',
  );
  const rows = [];
  let i = at + 2;
  for (; i < lines.length && lines[i].text.trim() !== '' && !starts(lines, i); i++) {
    const row = cells(lines[i].text);
    // What is too much for the columns is not lost.
    if (row.length > head.length)
      row.splice(head.length - 1, Infinity, row.slice(head.length - 1).join(' | '));
    rows.push(head.map((_, column) => inline(row[column] ?? '')));
  }
  Object.assign(block, {
    type: 'table',
    head: head.map((c) => inline(c)),
    align,
    rows,
    sure: lines[at + 1].end,
  });
  return i;
}

function isTable(lines, at) {
  const head = lines[at].text;
  const under = lines[at + 1]?.text;
  if (!under?.includes('|') || !head.includes('|') || !tableRule.test(under)) return false;
  const columns = cells(head).length;
  return columns <= maxColumns && columns === cells(under).length;
}

function cells(line) {
  const out = [];
  let cell = '';
  const text = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(^|[^\\])\|$/, '$1');
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && text[i + 1] === '|') cell += text[++i];
    else if (text[i] === '|') {
      out.push(cell.trim());
      cell = '';
    } else cell += text[i];
  }
  out.push(cell.trim());
  return out;
}

/** Whether a line begins something that ends a paragraph. */
function starts(lines, at) {
  const line = lines[at].text;
  const item = itemLine.exec(line);
  return (
    fenceLine.test(line) ||
    headingLine.test(line) ||
    ruleLine.test(line) ||
    quoteLine.test(line) ||
    (item !== null && item[4] !== undefined && item[4] !== '')
  );
}

function paragraph(lines, at, block) {
  let i = at + 1;
  while (i < lines.length && lines[i].text.trim() !== '' && !starts(lines, i) && !isTable(lines, i)) i++;
  const text = lines
    .slice(at, i)
    .map((line) => line.text.trimStart())
    .join('\n');
  Object.assign(block, { type: 'paragraph', inline: inline(text.trimEnd()) });
  return i;
}

// ---- drawing

/** What draws blocks into an element of a document. `level` is that of the heading that they are below. */
export function drawer(document, level = 2) {
  let last = level;

  function element(tag, ...children) {
    const made = document.createElement(tag);
    for (const child of children) made.append(child);
    return made;
  }

  function nodes(tree) {
    return tree.map((node) => {
      if (typeof node === 'string') return document.createTextNode(node);
      switch (node.type) {
        case 'break':
          return element('br');
        case 'code':
          return element('code', node.text);
        case 'link': {
          const a = element('a', ...nodes(node.children));
          a.setAttribute('href', node.href);
          a.setAttribute('title', node.href); // its text may say something else
          a.setAttribute('rel', 'noopener noreferrer nofollow');
          a.setAttribute('target', '_blank');
          return a;
        }
      }
      return element(
        { strong: 'strong', emphasis: 'em', deleted: 'del' }[node.type],
        ...nodes(node.children),
      );
    });
  }

  function code(block) {
    const pre = element('pre', element('code', block.text));
    // It can be wider than the page, and a keyboard has to be able to scroll it.
    pre.setAttribute('tabindex', '0');
    if (block.language) pre.setAttribute('data-language', block.language);
    return pre;
  }

  function list(block) {
    const made = element(block.ordered ? 'ol' : 'ul');
    if (block.ordered && block.first !== 1) made.setAttribute('start', String(block.first));
    for (const item of block.items) {
      const li = element('li');
      for (const inner of item) {
        if (inner.type === 'paragraph' && !block.loose) li.append(...nodes(inner.inline));
        else li.append(draw(inner));
      }
      made.append(li);
    }
    return made;
  }

  function table(block) {
    const row = (tag, list) =>
      element(
        'tr',
        ...list.map((cell, column) => {
          const made = element(tag, ...nodes(cell));
          if (block.align[column]) made.setAttribute('data-align', block.align[column]);
          return made;
        }),
      );
    const made = element('table', element('thead', row('th', block.head)));
    if (block.rows.length > 0) made.append(element('tbody', ...block.rows.map((cells) => row('td', cells))));
    const frame = element('div', made);
    frame.setAttribute('class', 'asst-table');
    frame.setAttribute('tabindex', '0');
    return frame;
  }

  function draw(block) {
    switch (block.type) {
      case 'code':
        return code(block);
      case 'heading':
        // No level is left out, whatever the model began with.
        last = Math.min(6, last + 1, level + block.level);
        return element(`h${last}`, ...nodes(block.inline));
      case 'rule':
        return element('hr');
      case 'quote':
        return element('blockquote', ...block.blocks.map(draw));
      case 'list':
        return list(block);
      case 'table':
        return table(block);
    }
    return element('p', ...nodes(block.inline));
  }

  return {
    draw,
    get state() {
      return last;
    },
    set state(value) {
      last = value;
    },
  };
}

/** Draws text that comes piece by piece: what is certain stays as it is, and only the last block is drawn again. */
export function stream(element, document = element.ownerDocument, level = 2) {
  const to = drawer(document, level);
  let rest = '';
  let open = [];
  let certain = level; // the last heading before what is open
  return {
    append(piece) {
      rest += piece;
    },
    /** Shows what was appended; `last`: there is no more. */
    show(last = false) {
      for (const node of open) node.remove();
      to.state = certain;
      const blocks = parse(rest);
      let from = 0;
      while (from + 1 < blocks.length && rest.length >= blocks[from + 1].sure) from++;
      const settled = last ? blocks.length : from;
      for (const block of blocks.slice(0, settled)) element.append(to.draw(block));
      certain = to.state;
      open = blocks.slice(settled).map((block) => to.draw(block));
      element.append(...open);
      rest = rest.slice(blocks[settled]?.start ?? (last ? rest.length : 0));
    },
  };
}
