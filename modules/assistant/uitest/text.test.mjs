import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines } from '../assets/stream.js';
import { catalogs, speaker } from '../assets/strings.js';
import { money, sentences, spread, visible } from '../assets/text.js';

test('JSON is spread letter for letter', () => {
  const json = '{"id":12345678901234567890,"a":[1,{"b":"x, {y: \\"z\\"}"}],"e":{},"f":[ ],"id":1.0}';
  const want = `{
  "id": 12345678901234567890,
  "a": [
    1,
    {
      "b": "x, {y: \\"z\\"}"
    }
  ],
  "e": {},
  "f": [],
  "id": 1.0
}`;
  assert.equal(spread(json), want);
  const squeeze = (s) => s.replace(/\s+/g, '');
  for (const text of ['', '{', '}}}', '"abc', '[[[[', '{"a\\', 'not JSON', '[1,2', '{"a": }'])
    assert.equal(squeeze(spread(text)), squeeze(text), text);
});

test('long text is spread, and said, in time', () => {
  assert.equal(spread('{}'.repeat(125_000)).length, 250_000);
  const say = sentences(() => {});
  say.add(']('.repeat(125_000));
  say.end();
});

test('addresses are not said', () => {
  const said = [];
  const say = sentences((text) => said.push(text));
  say.add('See [this](https://a.example/b_(c)) and [that](x).\n');
  say.end();
  assert.deepEqual(said, ['See this and that.']);
});

test('nothing hides in text', () => {
  assert.equal(
    visible('a\u202eb\u200bc\u0000\ufeff\u{e0041}ü😀\n'),
    'a\\u202eb\\u200bc\\u0000\\ufeff\\ue0041ü😀\n',
  );
});

test('money is as precise as it is small', () => {
  const say = (micros) => money({ micros, currency: 'USD' }, 'en-US');
  assert.deepEqual([0, 1, 1234, 56_789, 1_234_567].map(say), [
    '$0.00',
    '$0.000001',
    '$0.00123',
    '$0.0568',
    '$1.23',
  ]);
});

test('those who listen hear whole sentences', () => {
  const heard = [];
  const to = sentences((text) => heard.push(text));
  for (const piece of [
    '## He',
    'ad\nOne **two** th',
    'ree. Fo',
    'ur [five](https://x.y) s',
    'ix\n\n```js\n',
    '---\n',
    'end',
  ])
    to.add(piece);
  to.end();
  assert.deepEqual(
    heard,
    ['Head', 'One two three.', 'Four five six', 'end'].map((s) => s),
  );
});

test('events come out whatever the pieces are', () => {
  const text =
    'retry: 2000\n\nevent: text\ndata: {"text":"ü😀"}\n\n: keep\r\n\r\nevent: two\rdata:a\rdata: b\r\rdata\n\nevent: none\n\nevent: cut\ndata: x';
  const bytes = new TextEncoder().encode(text);
  const want = [
    { name: 'text', data: '{"text":"ü😀"}' },
    { name: 'two', data: 'a\nb' },
    { name: 'message', data: '' },
  ];
  for (let size = 1; size < 20; size++) {
    const read = lines();
    const got = [];
    for (let at = 0; at < bytes.length; at += size) got.push(...read(bytes.slice(at, at + size)));
    assert.deepEqual(got, want, `pieces of ${size}`);
  }
});

test('both languages say the same', () => {
  const keys = (catalog, path = '') =>
    Object.entries(catalog).flatMap(([key, value]) =>
      typeof value === 'string'
        ? [`${path}${key} ${[...value.matchAll(/\{\w+\}/g)].map(String).sort().join()}`]
        : keys(value, `${path}${key}.`),
    );
  assert.deepEqual(keys(catalogs.de), keys(catalogs.en));
  assert.equal(speaker('de-DE')('used', { input: 1234, output: 5 }), '1.234 Tokens hinein, 5 heraus');
  assert.equal(speaker('fr')('call.failed', { what: 'x' }), 'x: failed');
});
