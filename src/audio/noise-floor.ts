/**
 * How loud a line is when nobody speaks, and so whether a block stands out of it.
 *
 * ```
 *   power ──╱╲──╱╲╱╲────────╱╲──      smoothed over 4 blocks; the least of each quarter of a second is kept for two
 *   floor ─────────────────────       seconds, and the least of these is the floor: speech has gaps, noise has not
 * ```
 * Down at once, up within two seconds. Powers are mean squares relative to full scale.
 */
export class NoiseFloor {
  readonly #least = new Float64Array(QUARTERS).fill(QUIETEST)
  #smooth = QUIETEST
  #current = Infinity
  #blocks = 0
  #quarter = 0
  #floor = QUIETEST

  /** Mean square of the line's own noise, at least that of a quiet line. */
  get power(): number {
    return this.#floor
  }

  /** Takes the next 10 ms. */
  take(power: number): void {
    this.#smooth += (power - this.#smooth) / 4
    if (this.#smooth < this.#current) this.#current = this.#smooth
    if (this.#smooth < this.#floor) this.#floor = Math.max(this.#smooth, QUIETEST)
    if (++this.#blocks < BLOCKS_OF_QUARTER) return
    this.#blocks = 0
    this.#least[this.#quarter] = this.#current
    this.#quarter = (this.#quarter + 1) % QUARTERS
    this.#current = Infinity
    let least = Infinity
    for (const one of this.#least) if (one < least) least = one
    this.#floor = Math.max(least, QUIETEST)
  }
}

/** -62 dBFS: softer is silence on any telephone line. */
const QUIETEST = 10 ** -6.2
const QUARTERS = 8
const BLOCKS_OF_QUARTER = 25
