import { describe, expect, it } from 'vitest';
import { asText, readText, troubled, variablesOf, type Turn } from './prompt';

const turns = (...texts: string[]): Turn[] => texts.map((content) => ({ role: 'user', content }));

describe('the text of a prompt', () => {
  it.each<[string, string[], string?]>([
    ['nothing', []],
    ['{{a}} and {{ b_2 }} and {{a}}', ['a', 'b_2']],
    ['{{{{a}} is {{b}}', ['b']],
    ['{{{{{{a}}', ['a']],
    ['{{a}}{{b', ['a'], '{{b'],
    ['{{2a}} {{c}}', ['c'], '{{2a'],
    ['{{}}', [], '{{'],
    ['{{a b}}', [], '{{a b'],
    ['{{\na}}', [], '{{\na'],
    ['{a} }}', []],
  ])('%j names its variables', (text, variables, wrong) => {
    expect(readText(text)).toEqual({ variables, ...(wrong !== undefined && { wrong }) });
  });

  it('is whole or says so', () => {
    expect(variablesOf(turns('{{a}}', '{{b}} {{a}}'))).toEqual(['a', 'b']);
    expect([turns('a'), turns('a', ''), turns('{{a')].map(troubled)).toEqual([false, true, true]);
  });

  it('is compared with what goes with it', () => {
    const prompt = { description: 'd', model: '', flag: 'f', messages: turns('one', 'two\nlines') };
    expect(asText(prompt)).toBe('description: d\n\nflag: f\n\n[user]\none\n\n[user]\ntwo\nlines');
  });
});
