/** Letters as they compare: small, and without the marks that few people type. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

const none = -1;

/**
 * How well a name fits what was typed, less being better and −1 not at all. Best is the beginning of the name, then of
 * its words in any order; then letters that each go on with a word or begin a later one, as `almo` for `All modules`;
 * then letters anywhere in their order.
 */
export function rank(name: string, typed: string): number {
  const text = plain(name);
  const wanted = plain(typed).trim();
  if (wanted === '' || text.startsWith(wanted)) return 0;
  const words = text.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const terms = wanted.split(/\s+/);
  if (terms.every((term) => words.some((word) => word.startsWith(term)))) return 1;
  const letters = wanted.replace(/\s+/g, '');
  if (walks(words, letters, 0)) return 2;
  return inOrder(text, letters) ? 3 : none;
}

// Takes letters from the beginnings of words, in the words' order.
function walks(words: readonly string[], letters: string, from: number): boolean {
  if (letters === '') return true;
  for (let at = from; at < words.length; at++) {
    const word = words[at] ?? '';
    let taken = 0;
    while (taken < word.length && taken < letters.length && word[taken] === letters[taken]) taken++;
    for (; taken > 0; taken--) if (walks(words, letters.slice(taken), at + 1)) return true;
  }
  return false;
}

function inOrder(text: string, letters: string): boolean {
  let from = 0;
  for (const letter of letters) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}

/** The entries that fit, best first; equals stay in their order. */
export function ranked<T extends { title: string }>(entries: readonly T[], typed: string): T[] {
  return entries
    .map((entry) => ({ entry, score: rank(entry.title, typed) }))
    .filter(({ score }) => score !== none)
    .sort((one, other) => one.score - other.score)
    .map(({ entry }) => entry);
}
