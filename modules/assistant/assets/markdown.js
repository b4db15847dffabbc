// Markdown as models write it, drawn as DOM nodes and never as HTML: paragraphs, headings, lists, quotes, code, tables,
// emphasis and links. Text that grows is parsed again from the start of its last block only.

const maxDepth = 8; // of quotes and lists within each other
const maxOpen = 50; // of emphasis that has not ended yet, in one text
const maxColumns = 50;

const fenceLine = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`]{0,80})$/;
const headingLine = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const ruleLine = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const itemLine = /^( {0,3})([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|)$/;
const quoteLine = /^ {0,3}>/;
const tableRule = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

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
  Object.assign(block, { type: 'heading', level: found[1].length, inline: inline(found[2] ?? '') });
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

// ---- what is within a line

const punctuation = /[!-/:-@[-`{-~]/;
const urlText = /https?:\/\/[^\s<>"`|\\^{}]{1,2000}/y;
const angled = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/y;
const target = /\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))*)>?(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\)/y;
const entities = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0', '#39': "'" };
const entity = /&(amp|lt|gt|quot|nbsp|#39);/y;

/** Parses the text of a line into a tree: strings, and {type, href, children}. */
export function inline(text) {
  const root = [];
  // What has begun and may end, outermost first: `*`, `_`, `~` with how many, and `[`.
  const open = [];
  const noTicks = new Set();
  let plain = '';
  let i = 0;
  const into = () => open.at(-1)?.children ?? root;
  const flush = () => {
    if (plain) into().push(plain);
    plain = '';
  };
  const add = (node) => {
    flush();
    into().push(node);
  };
  /** Ends what began after open[n], which has come to nothing, as the text that it is. */
  const give = (n) => {
    while (open.length > n) {
      flush();
      const { mark, children } = open.pop();
      const to = into();
      to.push(mark);
      for (const child of children) to.push(child);
    }
  };
  const match = (pattern) => {
    pattern.lastIndex = i;
    return pattern.exec(text);
  };

  while (i < text.length) {
    const c = text[i];
    if (c === '\\' && i + 1 < text.length) {
      if (text[i + 1] === '\n') add({ type: 'break' });
      else plain += punctuation.test(text[i + 1]) ? text[i + 1] : c + text[i + 1];
      i += 2;
    } else if (c === '\n') {
      if (plain.endsWith('  ')) {
        plain = plain.trimEnd();
        add({ type: 'break' });
      } else plain += '\n';
      i++;
    } else if (c === '`') {
      const run = runAt(text, i);
      const end = noTicks.has(run) ? -1 : closing(text, i + run, run);
      if (end < 0) {
        noTicks.add(run);
        plain += text.slice(i, i + run);
        i += run;
      } else {
        const code = text.slice(i + run, end).replaceAll('\n', ' ');
        add({ type: 'code', text: /^ .*[^ ].* $/.test(code) ? code.slice(1, -1) : code });
        i = end + run;
      }
    } else if (c === '*' || c === '_' || c === '~') {
      i += emphasis(c);
    } else if (c === '[' || (c === '!' && text[i + 1] === '[')) {
      const mark = c === '!' ? '![' : '[';
      if (open.length < maxOpen) {
        flush();
        open.push({ mark, link: true, children: [] });
      } else plain += mark;
      i += mark.length;
    } else if (c === ']') {
      i++;
      const n = open.findLastIndex((one) => one.link);
      const to = n < 0 ? null : match(target);
      const href = to && safeLink(to[1]);
      if (href) {
        give(n + 1);
        flush();
        const { children } = open.pop();
        link(href, children);
        i += to[0].length;
      } else {
        if (n >= 0) give(n);
        plain += ']';
      }
    } else if (c === '<' && match(angled)) {
      const href = match(angled)[1];
      link(safeLink(href), [href.replace(/^mailto:/, '')]);
      i += href.length + 2;
    } else if (
      c === 'h' &&
      !open.some((one) => one.link) &&
      !/\w/.test(text[i - 1] ?? '') &&
      match(urlText)
    ) {
      const href = trimmed(match(urlText)[0]);
      link(safeLink(href), [href]);
      i += href.length;
    } else if (c === '&' && match(entity)) {
      const found = match(entity);
      plain += entities[found[1]];
      i += found[0].length;
    } else {
      plain += c;
      i++;
    }
  }
  give(0);
  flush();
  return root;

  function link(href, children) {
    if (!href) {
      for (const child of children) add(child);
      return;
    }
    add({ type: 'link', href, children });
    // There is no link within a link: what has begun around this one is none.
    for (const one of open) one.link = false;
  }

  /** Opens, closes or is text; returns how many letters it took. */
  function emphasis(c) {
    let run = 1;
    while (text[i + run] === c) run++;
    const before = text[i - 1] ?? ' ';
    const after = text[i + run] ?? ' ';
    const left =
      !/\s/.test(after) && (!punctuation.test(after) || /\s/.test(before) || punctuation.test(before));
    const right =
      !/\s/.test(before) && (!punctuation.test(before) || /\s/.test(after) || punctuation.test(after));
    const canOpen = c === '_' ? left && (!right || punctuation.test(before)) : left;
    const canClose = c === '_' ? right && (!left || punctuation.test(after)) : right;
    let still = run;
    while (canClose && still > 0) {
      // Nothing ends beyond the text of a link.
      const from = open.findLastIndex((one) => one.link) + 1;
      const n = open.findLastIndex(
        (one, at) => at >= from && one.char === c && (c !== '~' || one.count === still),
      );
      if (n < 0) break;
      const count = Math.min(2, still, open[n].count);
      give(n + 1);
      flush();
      const opened = open.pop();
      const node = {
        type: c === '~' ? 'deleted' : count === 2 ? 'strong' : 'emphasis',
        children: opened.children,
      };
      still -= count;
      if (opened.count > count) {
        open.push({
          ...opened,
          count: opened.count - count,
          mark: c.repeat(opened.count - count),
          children: [node],
        });
      } else into().push(node);
    }
    if (still === 0) return run;
    if (canOpen && open.length < maxOpen && (c !== '~' || still <= 2)) {
      flush();
      open.push({ mark: c.repeat(still), char: c, count: still, children: [] });
    } else plain += c.repeat(still);
    return run;
  }
}

function runAt(text, at) {
  let n = 1;
  while (text[at + n] === '`') n++;
  return n;
}

/** Where a run of just as many backticks begins; -1: nowhere. */
function closing(text, from, run) {
  for (let at = text.indexOf('`', from); at >= 0;) {
    const length = runAt(text, at);
    if (length === run) return at;
    at = text.indexOf('`', at + length);
  }
  return -1;
}

/** A URL without the punctuation of the sentence that it stands in. */
function trimmed(url) {
  let out = url.replace(/[.,;:!?'"*_~]+$/, '');
  while (out.endsWith(')') && count(out, ')') > count(out, '('))
    out = out.slice(0, -1).replace(/[.,;:!?'"*_~]+$/, '');
  return out;
}

const count = (text, c) => text.split(c).length - 1;

/** The address of a link that may be followed, or undefined: only other sites and mail. */
export function safeLink(href) {
  if (href.length > 2000) return undefined;
  try {
    const url = new URL(href);
    if (url.protocol === 'mailto:') return url.href;
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.host ? url.href : undefined;
  } catch {
    return undefined;
  }
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
