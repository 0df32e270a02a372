import { decodeMulaw } from './mulaw.ts'

/** Ten minutes: what is given beyond that is discarded, as the carrier does (warning 31931) [samples]. */
const LIMIT = 4_800_000
/** A cut in the middle of a sound would crackle: it fades within 5 ms [samples]. */
const FADE = 40

/**
 * What the phone was given to play and has not played, sound and marks in one line.
 *
 * ```
 *   play ─▶ ▓▓▓▓▓▓ m1 ▓▓▓▓ m2 ▓▓ ─▶ take(n): samples of the line, silence when there are none
 *                   │        └ told with the first take after the one that took the last sample before it
 *   clear: the sound fades and is gone; m1 and m2 are told at once, first in first out
 * ```
 */
export class Playout {
  readonly #onMark: (name: string) => void
  #items: (Float32Array | string)[] = []
  #head = 0
  #offset = 0
  #samples = 0
  /** Marks whose last sample is being played. */
  #due: string[] = []
  #sounding = false

  /** @param onMark what was before the mark has been played, or was cleared. */
  constructor(onMark: (name: string) => void) {
    this.#onMark = onMark
  }

  /** Sound that waits [samples]. */
  get waiting(): number {
    return this.#samples
  }

  /** Mu-law of any length. False: too much waits, and it was discarded. */
  play(audio: Uint8Array): boolean {
    if (audio.length === 0) return true
    if (this.#samples + audio.length > LIMIT) return false
    this.#items.push(decodeMulaw(audio))
    this.#samples += audio.length
    return true
  }

  /** Told when everything before it has been played: now, when nothing is. */
  mark(name: string): void {
    if (this.#head === this.#items.length && !this.#sounding) this.#onMark(name)
    else this.#items.push(name)
  }

  clear(): void {
    const marks = [...this.#due, ...this.#items.slice(this.#head).filter((item) => typeof item === 'string')]
    const fading = this.#sounding ? this.#fading() : undefined
    this.#items = fading === undefined ? [] : [fading]
    this.#head = 0
    this.#offset = 0
    this.#samples = fading?.length ?? 0
    this.#due = []
    for (const name of marks) this.#onMark(name)
  }

  /** Fills `samples` with what is to be played now. */
  take(samples: Float32Array): void {
    for (const name of this.#due.splice(0)) this.#onMark(name)
    let filled = 0
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      if (typeof item === 'string') {
        if (filled === 0) this.#onMark(item)
        else this.#due.push(item)
        this.#head += 1
        continue
      }
      if (filled === samples.length) break
      const piece = item.subarray(this.#offset, this.#offset + samples.length - filled)
      samples.set(piece, filled)
      filled += piece.length
      this.#offset += piece.length
      if (this.#offset < item.length) break
      this.#offset = 0
      this.#head += 1
    }
    // Half of the list is used up: moving the rest costs less than one step per item ever queued.
    if (this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    this.#samples -= filled
    this.#sounding = filled > 0
    samples.fill(0, filled)
  }

  #fading(): Float32Array {
    const faded = new Float32Array(Math.min(FADE, this.#samples))
    let filled = 0
    let offset = this.#offset
    for (let at = this.#head; at < this.#items.length && filled < faded.length; at++) {
      const item = this.#items[at]
      if (typeof item === 'string' || item === undefined) continue
      const piece = item.subarray(offset, offset + faded.length - filled)
      faded.set(piece, filled)
      filled += piece.length
      offset = 0
    }
    return faded.map((sample, i) => sample * (1 - (i + 1) / faded.length))
  }
}
