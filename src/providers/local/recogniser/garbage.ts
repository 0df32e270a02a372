/** The phones of the US-English model: any speech at all is some string of them. */
const PHONES =
  'AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH'.split(' ')

/** Marks words that are not words: no dictionary word begins so. */
const MARK = '__'
/** A word that nobody can say. JSGF weights are normalised, so it takes the rest of the loop's probability. */
const UNSAYABLE: [string, string] = [`${MARK}unsayable`, Array.from({ length: 20 }, () => 'ZH').join(' ')]

/** The words of the garbage loop with their pronunciations, for the decoder's dictionary. */
export const garbageWords: readonly [string, string][] = [
  ...PHONES.map((phone): [string, string] => [MARK + phone.toLowerCase(), phone]),
  UNSAYABLE,
]

/**
 * Puts a loop over all phones beside the rule `<sentence>`; what is outside of the grammar fits the loop better.
 *
 * ```
 *   <heard> ─┬─ <sentence> ─┬─▶
 *            └─ (phone)+  ──┘    each phone costs, so the loop wins only where no sentence fits
 * ```
 *
 * @returns JSGF whose only public rule is `<heard>`.
 */
export function withGarbage(grammar: string, phoneProbability: number): string {
  const phones = PHONES.map((phone) => `/${phoneProbability}/ ${MARK}${phone.toLowerCase()}`)
  const rest = 1 - phoneProbability * PHONES.length
  return [
    grammar,
    'public <heard> = <sentence> | <garbage>;',
    `<garbage> = ( ${phones.join(' | ')} | /${rest}/ ${UNSAYABLE[0]} )+;`,
    '',
  ].join('\n')
}

/** True when the loop was the better fit. */
export function isGarbage(text: string): boolean {
  return text.includes(MARK)
}
