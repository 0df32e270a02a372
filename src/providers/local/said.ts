/**
 * The words that one-off instructions want to be said as they are: what follows `Say exactly:`, else what stands
 * between double quotation marks; `undefined` when there are none, for a grammar cannot follow an instruction.
 */
export function exactWords(instructions: string): string | undefined {
  const exact = /\bsay exactly:\s*(\S.*)$/is.exec(instructions)?.[1]
  const words =
    exact?.trim().replace(/^["\u201c](.*)["\u201d]$/s, '$1') ??
    /["\u201c]([^"\u201c\u201d]+)["\u201d]/.exec(instructions)?.[1]
  return words === undefined || words.trim() === '' ? undefined : words.trim()
}

/** Cuts a text behind its full stops, so that the first sentence can be heard while the next is made. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
}
