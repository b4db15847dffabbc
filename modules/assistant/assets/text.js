// Text made of what the server sends.

/** JSON with line breaks and indents, and otherwise letter for letter as it is: no number is rounded and no name dropped. */
export function spread(json) {
  let out = '';
  let depth = 0;
  let inString = false;
  let last = ''; // letter before, without spaces
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (inString) {
      out += c;
      if (c === '\\') out += json[++i] ?? '';
      else if (c === '"') inString = false;
      continue;
    }
    if (/\s/.test(c)) continue;
    if (c === '"') inString = true;
    const empty = last === '{' || last === '[';
    last = c;
    if (c === '}' || c === ']') {
      depth = Math.max(0, depth - 1);
      out += empty ? c : line(depth) + c;
    } else if (c === '{' || c === '[') {
      depth++;
      out += c + (/^\s*[}\]]/.test(json.slice(i + 1, i + 50)) ? '' : line(depth));
    } else out += c === ',' ? c + line(depth) : c === ':' ? ': ' : c;
  }
  return visible(out);
}

const line = (depth) => '\n' + '  '.repeat(Math.min(depth, 30));

/** Text in which nothing hides: letters without a width, and those that turn the direction, are shown by their number. */
export function visible(text) {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu,
    (c) => {
      return '\\u' + c.codePointAt(0).toString(16).padStart(4, '0');
    },
  );
}

/** Money, as precise as it is small. */
export function money(cost, locale) {
  const amount = cost.micros / 1e6;
  const digits = amount === 0 || amount >= 1 ? 2 : Math.min(6, 2 + Math.ceil(-Math.log10(amount)));
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: cost.currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(amount);
}

/** Takes text in pieces and gives whole sentences, without marks of Markdown, for those who listen. */
export function sentences(say) {
  let rest = '';
  const tell = (text) => {
    const plain = text
      .replace(/\]\([^()]*(?:\([^()]*\)[^()]*)?\)/g, '')
      .replace(/^[ \t]*(?:#{1,6}|>|[-*+]|```\S*)[ \t]*/gm, '')
      .replace(/[*_`~[\]|]+/g, '')
      .replace(/\s+/g, ' ')
      .trim();
    if (/[\p{L}\p{N}]/u.test(plain)) say(plain);
  };
  return {
    add(piece) {
      rest += piece;
      const end = Math.max(
        rest.lastIndexOf('\n'),
        ...['. ', '! ', '? ', ': '].map((mark) => rest.lastIndexOf(mark)),
      );
      if (end < 0 && rest.length < 400) return;
      const to = end < 0 ? rest.length : end + 1;
      tell(rest.slice(0, to));
      rest = rest.slice(to);
    },
    end() {
      tell(rest);
      rest = '';
    },
  };
}
