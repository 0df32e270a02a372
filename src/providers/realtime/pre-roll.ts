/** The last sound, up to a bound: the oldest falls out. */
export class PreRoll {
  readonly #ring: Buffer
  #at = 0
  #filled = 0

  /** @param bytes how much is kept. */
  constructor(bytes: number) {
    this.#ring = Buffer.alloc(bytes)
  }

  push(audio: Uint8Array): void {
    const size = this.#ring.length
    const latest = audio.subarray(Math.max(0, audio.length - size))
    const first = Math.min(latest.length, size - this.#at)
    this.#ring.set(latest.subarray(0, first), this.#at)
    this.#ring.set(latest.subarray(first), 0)
    this.#at = (this.#at + latest.length) % size
    this.#filled = Math.min(size, this.#filled + latest.length)
  }

  /** Everything that is kept, oldest first; then it is empty. */
  take(): Uint8Array {
    const from = (this.#at - this.#filled + this.#ring.length) % this.#ring.length
    const first = this.#ring.subarray(from, from + this.#filled)
    const kept = Buffer.concat([first, this.#ring.subarray(0, this.#filled - first.length)])
    this.#at = 0
    this.#filled = 0
    return kept
  }
}
