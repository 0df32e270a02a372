import { type AudioFormat, bytesOf, durationMs } from '../audio/format.ts'
import type { Clock } from '../base/clock.ts'

/**
 * What of a line of sound has been played by now: it runs at the pace of speech from a position that was known at a time.
 *
 * ```
 *   position ──┼ base ┄┄┄┄┄ at() ┄┄┄┄▶ sent: it waits there
 *   time       └ when it was known
 * ```
 * Positions are bytes on the line.
 */
export class HeardClock {
  readonly #format: AudioFormat
  readonly #clock: Clock
  readonly #frameBytes: number
  #base = 0
  #baseAtMs = 0

  constructor(format: AudioFormat, clock: Clock) {
    this.#format = format
    this.#clock = clock
    this.#frameBytes = bytesOf(format, 20)
  }

  /** What has been played of what was sent, in whole frames: that is how a phone plays. */
  at(sent: number): number {
    const elapsed = bytesOf(this.#format, this.#clock.now() - this.#baseAtMs)
    return Math.min(sent, this.#base + elapsed - (elapsed % this.#frameBytes))
  }

  /** When it was, or will be, played [ms of the clock]. */
  timeOf(position: number): number {
    return this.#baseAtMs + durationMs(this.#format, position - this.#base)
  }

  /** It is known to be there now. */
  rebase(position: number): void {
    this.#base = position
    this.#baseAtMs = this.#clock.now()
  }
}
