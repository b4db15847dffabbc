import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeLink } from '../assets/inline.js';
import { stream } from '../assets/markdown.js';
import { document } from './dom.mjs';

/** What text is drawn as, in one piece. */
function draw(text) {
  const box = document.createElement('div');
  const to = stream(box);
  to.append(text);
  to.show(true);
  return box;
}

const inner = (box) => box.children.map((child) => child.html).join('');
const link = (href, text) =>
  `<a href="${href}" title="${href}" rel="noopener noreferrer nofollow" target="_blank">${text}</a>`;

const cases = [
  ['a paragraph', 'one\ntwo', '<p>one\ntwo</p>'],
  ['two paragraphs', 'one\n\n\ntwo', '<p>one</p><p>two</p>'],
  ['a hard break', 'one  \ntwo\\\nthree', '<p>one<br></br>two<br></br>three</p>'],
  [
    'marks that close a heading',
    '# a ##\n# b#\n# #\n#\tc # d',
    '<h3>a</h3><h3>b#</h3><h3></h3><h3>c # d</h3>',
  ],
  ['letters that end a line elsewhere', '- a\u2028b\n- c', '<ul><li>a\u2028b</li><li>c</li></ul>'],
  ['headings that leave no level out', '### A\n# B\n## C', '<h3>A</h3><h3>B</h3><h4>C</h4>'],
  [
    'emphasis',
    '*a* _b_ **c** __d__ ***e*** ~~f~~',
    '<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <em><strong>e</strong></em> <del>f</del></p>',
  ],
  ['no emphasis', 'snake_case_name 2 * 3 * 4 **open', '<p>snake_case_name 2 * 3 * 4 **open</p>'],
  ['code', '`a < b` ``c ` d``', '<p><code>a &lt; b</code> <code>c ` d</code></p>'],
  ['code that has not ended', '`a', '<p>`a</p>'],
  [
    'a code block',
    '```js\nlet a = "<b>";\n\n```\nend',
    '<pre tabindex="0" data-language="js"><code>let a = "&lt;b>";\n</code></pre><p>end</p>',
  ],
  ['a code block that has not ended', '~~~\na\n```', '<pre tabindex="0"><code>a\n```</code></pre>'],
  ['a list', '- a\n- b\n  - c\n', '<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>'],
  ['an ordered list', '3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
  ['a loose list', '- a\n\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
  [
    'a list with a code block',
    '1. a\n   ```\n   b\n   ```',
    '<ol><li>a<pre tabindex="0"><code>b</code></pre></li></ol>',
  ],
  ['a quote', '> a\n> - b\nc', '<blockquote><p>a</p><ul><li>b</li></ul></blockquote><p>c</p>'],
  ['a rule', 'a\n\n---\nb', '<p>a</p><hr></hr><p>b</p>'],
  [
    'a table',
    'So:\n| a | b |\n|---|--:|\n| *1* | 2 |\n| x\\|y |',
    '<p>So:</p><div class="asst-table" tabindex="0"><table><thead><tr><th>a</th><th data-align="end">b</th></tr></thead><tbody><tr><td><em>1</em></td><td data-align="end">2</td></tr><tr><td>x|y</td><td data-align="end"></td></tr></tbody></table></div>',
  ],
  ['no table', 'a | b\nc | d', '<p>a | b\nc | d</p>'],
  ['a link', '[a *b*](https://x.y/z)', `<p>${link('https://x.y/z', 'a <em>b</em>')}</p>`],
  ['a link with a title', '[a](<https://x.y> "t")', `<p>${link('https://x.y/', 'a')}</p>`],
  [
    'an address',
    'see https://x.y/(a), and <mailto:a@b.c>.',
    `<p>see ${link('https://x.y/(a)', 'https://x.y/(a)')}, and ${link('mailto:a@b.c', 'a@b.c')}.</p>`,
  ],
  ['a picture is a link', '![a](https://x.y/p.png)', `<p>${link('https://x.y/p.png', 'a')}</p>`],
  [
    'no link',
    '[a](javascript:alert) [b](/users) [c](data:text/html,x) [d]',
    '<p>[a](javascript:alert) [b](/users) [c](data:text/html,x) [d]</p>',
  ],
  [
    'no link within a link',
    '[a [b](https://x.y) c](https://z.z)',
    `<p>[a ${link('https://x.y/', 'b')} c](${link('https://z.z/', 'https://z.z')})</p>`,
  ],
  ['HTML is text', '<script>alert(1)</script>&lt;b&gt;', '<p>&lt;script>alert(1)&lt;/script>&lt;b></p>'],
  ['escapes', '\\*a\\* \\`b\\` \\c', '<p>*a* `b` \\c</p>'],
];
for (const [name, text, want] of cases) {
  test(name, () => {
    assert.equal(inner(draw(text)), want);
  });
}

test('only other sites and mail are linked', () => {
  for (const href of [
    'javascript:alert(1)',
    ' javascript:x',
    'JaVaScRiPt:x',
    'vbscript:x',
    'data:text/html,x',
    'file:///etc/passwd',
    '//x.y',
    '/a',
    'a',
    'http://',
    'blob:https://x/y',
    'https://x/' + 'a'.repeat(3000),
  ])
    assert.equal(safeLink(href), undefined, href);
});

// ---- properties, over texts made of what Markdown is made of

/** Numbers that are the same in every run (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const pieces = [
  'a',
  'word ',
  ' ',
  '\n',
  '\n\n',
  '*',
  '**',
  '_',
  '`',
  '```',
  '\n```\n',
  '~~',
  '- ',
  '\n- ',
  '\n  - ',
  '1. ',
  '\n2) ',
  '# ',
  '\n## ',
  '> ',
  '\n> ',
  '|',
  '\n|---|---|\n',
  '|a|b|',
  '---',
  '\n---\n',
  '[',
  '](',
  ')',
  '](https://x.y)',
  '<https://a.b>',
  'https://c.d/e',
  '![',
  '\\',
  '&lt;',
  '<b>',
  'ü',
  '😀',
  '\t',
  '    ',
  '\r\n',
  '+',
  '***',
  '~~~',
  '| :-: |',
  '\u0000',
];

function document_(next) {
  let out = '';
  for (let n = Math.floor(next() * 40); n >= 0; n--) out += pieces[Math.floor(next() * pieces.length)];
  return out;
}

test('text that comes in pieces is drawn as the whole is, at every moment', () => {
  const next = random(1);
  for (let round = 0; round < 1500; round++) {
    const text = document_(next);
    const box = document.createElement('div');
    const to = stream(box);
    for (let at = 0; at < text.length;) {
      const end = Math.min(text.length, at + 1 + Math.floor(next() * 12));
      to.append(text.slice(at, end));
      at = end;
      to.show();
      assert.equal(inner(box), inner(draw(text.slice(0, at))), JSON.stringify(text.slice(0, at)));
    }
    to.show(true);
    assert.equal(inner(box), inner(draw(text)), JSON.stringify(text));
  }
});

test('nothing but the known elements and attributes is drawn, and no link leads elsewhere', () => {
  const next = random(2);
  const tags =
    /^(p|h[3-6]|hr|br|blockquote|ul|ol|li|pre|code|table|thead|tbody|tr|th|td|div|a|strong|em|del)$/;
  const names = /^(href|title|rel|target|tabindex|data-language|data-align|class|start)$/;
  const check = (node, inLink) => {
    if (!node.tag) return;
    assert.match(node.tag, tags);
    for (const name of node.attributes.keys()) assert.match(name, names);
    if (node.tag === 'a') {
      assert.ok(!inLink, 'a link within a link');
      assert.match(node.attributes.get('href'), /^(https?:\/\/|mailto:)/);
      assert.match(node.attributes.get('rel'), /noopener/);
    }
    for (const child of node.children) check(child, inLink || node.tag === 'a');
  };
  for (let round = 0; round < 3000; round++)
    for (const child of draw(document_(next)).children) check(child, false);
});

test('no letter gets lost', () => {
  const next = random(3);
  const letters = (s) => s.replace(/[^a-z]/g, '');
  const shown = (node) =>
    (node.attributes?.get('data-language') ?? '') + (node.text ?? node.children.map(shown).join(''));
  for (let round = 0; round < 3000; round++) {
    // Addresses are not shown where they have a text.
    const text = document_(next).replace(/<?https?:|&lt;/g, '');
    assert.equal(letters(shown(draw(text))), letters(text), JSON.stringify(text));
  }
});

test('hostile text comes to an end, and nests no deeper than a page can', () => {
  const depth = (node) => 1 + Math.max(0, ...(node.children ?? []).slice(0, 50).map(depth));
  for (const piece of [
    '*',
    '[',
    '[a](',
    '*a _b ',
    '`',
    '> ',
    '- ',
    '  - a\n',
    '~a~~b~',
    '![a](http://x ',
    '<http://a ',
    '\n',
    '|a',
    'http://a)',
    '**a*',
    '](',
    '&',
    '\\',
    '> - ',
    '1. > ',
  ]) {
    const text = piece.repeat(Math.ceil(60_000 / piece.length));
    assert.ok(depth(draw(text)) < 300, piece);
  }
  assert.ok(draw('http://a' + ')'.repeat(200_000)).textContent.length > 0);
});

test('the time that text takes does not grow with the square of its length', () => {
  const many = (piece, length = 250_000) => piece.repeat(length / piece.length);
  // Each of them took minutes.
  for (const text of [
    '# x' + many(' ') + 'y',
    'a|b\n-|-' + many(' ') + 'x',
    '- ' + many(' ') + '\u2028x',
    many('a\n'),
    many('https://x' + many(')', 1990) + ' '),
    many('https://x' + many(').', 1990) + ' '),
  ])
    assert.ok(draw(text).textContent.length > 0);
});
