import { bend, damageText, type Piece, piecesOf, textOf } from './json.ts'
import type { Random } from './random.ts'

/**
 * Frames after the manner of a corpus: one in eight as it is, the others bent, damaged, or both.
 *
 * ```
 *   corpus ─▶ pieces ─ bent 0 to 3 times ─▶ text ─ damaged 0 to 2 times ─▶ frame
 * ```
 */
export function makeFrameMaker(corpus: readonly [string, ...string[]]): (random: Random) => string {
  const pieces = corpus.flatMap((text): Piece[] => {
    try {
      return [piecesOf(JSON.parse(text))]
    } catch {
      return [] // What once did harm may be no JSON.
    }
  })
  const [first = '{}', ...others] = pieces
  const frames: readonly [Piece, ...Piece[]] = [first, ...others]
  return (random) => {
    let frame = random.pick(frames)
    for (let times = random.below(4); times > 0; times--) frame = bend(frame, random)
    let text = textOf(frame, random.oneIn(2))
    if (random.oneIn(3)) text = damageText(text, random, random.pick(corpus))
    if (random.oneIn(12)) text = damageText(text, random, random.pick(corpus))
    // Over what a socket takes: readers are to stay in bounds by themselves.
    return random.oneIn(20_000) ? text.padEnd(2_000_000, random.pick(['A', '[', ' '])) : text
  }
}
