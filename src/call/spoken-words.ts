/**
 * Which of an item's words were heard, when only `heardMs` of its sound were.
 *
 * ```
 *   text    |So, a table for two, | on Friday. Is that right?|        words are laid over the sound in proportion to
 *   sound   |■■■■■■■■■■■■■■■■■■■■■|□□□□□□□□□□□□□□□□□□□□□□□□□|        their letters, a pause counts as some
 *                          heardMs ┘
 * ```
 * A word counts as heard when more than half of it was. While an item is still being made its words run ahead of its
 * sound: then its whole length is at least what its words take at an ordinary pace.
 * @param totalMs sound of the item so far [ms]; `complete`: no more of it comes.
 * @returns the length of the beginning of `text` that was heard [characters].
 */
export function heardLength(text: string, heardMs: number, totalMs: number, complete: boolean): number {
  if (text === '' || heardMs <= 0) return 0
  const weights = [...text].map(weightOf)
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const wholeMs = complete ? totalMs : Math.max(totalMs, sum * MS_PER_WEIGHT)
  if (wholeMs <= 0) return 0
  const heard = (Math.min(heardMs, wholeMs) / wholeMs) * sum
  let before = 0
  let length = 0
  for (const word of text.match(WORDS) ?? []) {
    const weight = [...word].reduce((all, character) => all + weightOf(character), 0)
    if (heard < before + weight / 2) break
    before += weight
    length += word.length
  }
  return length
}

/** What stands between spaces, with the space; of scripts without spaces each character is a word, with its mark. */
const WORDS =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}][^\p{L}\p{N}]*|[^\s\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}]+\s*|\s+/gu

/** English at some 15 letters a second, Chinese at some 4 characters. */
const MS_PER_WEIGHT = 65

function weightOf(character: string): number {
  if (/[.!?…。！？]/u.test(character)) return 5
  if (/[,;:，；：、—]/u.test(character)) return 3
  if (/[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]/u.test(character)) return 4
  return 1
}
