// What is within a line of Markdown: emphasis, code, links.

const maxOpen = 50; // of emphasis that has not ended yet, in one text

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
      if (text[i - 1] === ' ' && text[i - 2] === ' ') {
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
  let surplus = count(url, ')') - count(url, '(');
  for (let end = url.length; ; end--) {
    if (url[end - 1] === ')' && surplus > 0) surplus--;
    else if (!trailing.test(url[end - 1])) return url.slice(0, end);
  }
}

const trailing = /[.,;:!?'"*_~]/;
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
