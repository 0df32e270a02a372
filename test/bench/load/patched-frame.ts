import { textFrame } from './frames.ts'

/**
 * A text frame that is sent over and over with nothing but a few numbers changed: they are patched in place, under the
 * mask when there is one, so that a generator spends its core on sockets and not on JSON.
 *
 * ```
 *   texts   {"sequenceNumber":"   ","media":{"chunk":"   ","payload":"…"}}
 *   numbers                    12                     11
 * ```
 */
export class PatchedFrame {
  readonly #texts: readonly string[]
  readonly #mask: Uint8Array | undefined
  #frame: Buffer = Buffer.alloc(0)
  /** Where in the frame each number begins, and how many digits it has there. */
  #places: { at: number; digits: number }[] = []
  /** Where the payload begins in the frame: the mask counts from here. */
  #from = 0

  /** @param texts ASCII; one more than there are numbers. */
  constructor(texts: readonly string[], mask?: Uint8Array) {
    this.#texts = texts
    this.#mask = mask
  }

  /**
   * The frame with these numbers.
   * @param isTaken whether the frame before has left for good: else its bytes are not touched, and a new one is made.
   */
  with(numbers: readonly number[], isTaken: boolean): Buffer {
    const fits = numbers.every((value, i) => digitsOf(value) === this.#places[i]?.digits)
    if (!fits || !isTaken) this.#build(numbers)
    else for (const [i, value] of numbers.entries()) this.#patch(i, value)
    return this.#frame
  }

  #build(numbers: readonly number[]): void {
    let text = ''
    this.#places = []
    for (const [i, part] of this.#texts.entries()) {
      text += part
      const value = numbers[i]
      if (value === undefined) continue
      this.#places.push({ at: text.length, digits: digitsOf(value) })
      text += value
    }
    this.#frame = textFrame(text, this.#mask)
    this.#from = this.#frame.length - text.length
    for (const place of this.#places) place.at += this.#from
  }

  #patch(i: number, value: number): void {
    const place = this.#places[i]
    if (place === undefined) return
    let rest = value
    for (let at = place.at + place.digits - 1; at >= place.at; at--) {
      this.#frame[at] = (0x30 + (rest % 10)) ^ (this.#mask?.[(at - this.#from) & 3] ?? 0)
      rest = Math.trunc(rest / 10)
    }
  }
}

function digitsOf(value: number): number {
  let digits = 1
  for (let rest = value; rest >= 10; rest /= 10) digits++
  return digits
}
