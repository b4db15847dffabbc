import { render } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { Markdown } from './markdown';
import { parse, safe } from './markdown-parser';

const html = (source: string) =>
  // Reading it is harmless; the rule is about writing.
  // eslint-disable-next-line no-restricted-properties -- see above
  render(<Markdown source={source} />).container.firstElementChild?.innerHTML ?? '';

describe('markdown', () => {
  it.each([
    ['a paragraph', 'one\ntwo', '<p>one\ntwo</p>'],
    ['headings, below the panel’s own', '# A\n\n## B', '<h4>A</h4><h5>B</h5>'],
    ['headings that begin low and jump', '## A\n\n#### B\n\n# C', '<h4>A</h4><h5>B</h5><h4>C</h4>'],
    ['a heading in a quote', '# A\n\n> ## B', '<h4>A</h4><blockquote><h5>B</h5></blockquote>'],
    ['emphasis', '**a** *b* _c_ ~~d~~', '<p><strong>a</strong> <em>b</em> <em>c</em> <s>d</s></p>'],
    ['emphasis within emphasis', '**a *b* c**', '<p><strong>a <em>b</em> c</strong></p>'],
    ['names with underscores', 'max_open_files', '<p>max_open_files</p>'],
    ['code', '`a *b*` and ``c ` d``', '<p><code>a *b*</code> and <code>c ` d</code></p>'],
    ['a fence', '```go\nx := *p\n```', '<pre tabindex="0"><code>x := *p</code></pre>'],
    ['an open fence', '```\nx', '<pre tabindex="0"><code>x</code></pre>'],
    ['a list', '- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
    ['a list in a list', '- a\n  - b\n- c', '<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>'],
    ['a numbered list', '3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
    ['a quote', '> a\n> b', '<blockquote><p>a\nb</p></blockquote>'],
    ['a rule', 'a\n\n---\n\nb', '<p>a</p><hr><p>b</p>'],
    ['a hard break', 'a  \nb', '<p>a<br>b</p>'],
    ['escapes', '\\*a\\*', '<p>*a*</p>'],
    [
      'a link',
      '[a](https://x.example/y_(z))',
      '<p><a href="https://x.example/y_(z)" rel="noopener noreferrer">a</a></p>',
    ],
    [
      'a bare link',
      '<https://x.example>',
      '<p><a href="https://x.example" rel="noopener noreferrer">https://x.example</a></p>',
    ],
    [
      'a table',
      '| a | b |\n|---|--:|\n| 1 | **2** |\n| 3 |',
      '<table class="table"><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead>' +
        '<tbody><tr><td>1</td><td><strong>2</strong></td></tr><tr><td>3</td><td></td></tr></tbody></table>',
    ],
  ])('shows %s', (_, source, want) => {
    expect(html(source)).toBe(want);
  });

  it.each(['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<b onclick="x()">a</b>'])(
    'leaves %s as text',
    (source) => {
      const { container } = render(<Markdown source={source} />);
      expect(container.querySelector('script, img, b')).toBeNull();
      expect(container.textContent).toBe(source);
    },
  );

  it.each(['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', 'vbscript:x', 'java\tscript:x'])(
    'follows no %j',
    (href) => {
      expect(safe(href)).toBe('');
      const { container } = render(<Markdown source={`[a](${href})`} />);
      expect(container.querySelector('a')).toBeNull();
    },
  );

  it.each(['https://a', 'mailto:a@b', '/path', 'page', '#x'])('follows %s', (href) => {
    expect(safe(href)).toBe(href);
  });

  it('takes any input, however deep', () => {
    for (const source of [
      '> '.repeat(500) + 'x',
      '- '.repeat(500) + 'x',
      '**'.repeat(2000),
      '['.repeat(2000),
      '`'.repeat(999),
      '',
    ]) {
      expect(Array.isArray(parse(source))).toBe(true);
    }
  });
});
