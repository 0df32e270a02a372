/** What is shown as nothing at all, and as all there is [dBFS]. */
const QUIET_DBFS = -60
const LOUD_DBFS = -6
/** So much of it is left after 100 ms of silence: it falls as needles do. */
const FALL = 0.6

/** How far a meter is to go out, from 0 to 1. */
function needle(dbfs: number): number {
  return Math.min(1, Math.max(0, (dbfs - QUIET_DBFS) / (LOUD_DBFS - QUIET_DBFS)))
}

/** A meter that is read ten times a second, of a sound that is measured fifty times. */
export class Needle {
  #peak = 0
  #shown = 0

  hear(dbfs: number): void {
    this.#peak = Math.max(this.#peak, needle(dbfs))
  }

  /** From 0 to 1. */
  read(): number {
    const shown = Math.max(this.#peak, this.#shown * FALL)
    this.#peak = 0
    this.#shown = shown < 0.01 ? 0 : shown
    return this.#shown
  }
}
