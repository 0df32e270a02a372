/** Pieces of which the one that came earliest is looked for: about a second of them, and the second before. */
const WINDOW = 50

/**
 * Where the caller's line stands at a moment: told by when its sound arrived, jitter left out.
 *
 * ```
 *   arrived        |[..]   |[..]        |[..][..] late, two at once
 *   position   ────┴──20───┴──40────────┴──60──80──▶        the least late of the last second says how late the others are
 * ```
 */
export class LineClock {
  #before = Number.POSITIVE_INFINITY
  #now = Number.POSITIVE_INFINITY
  #count = 0

  /** @param endMs where the line stands behind a piece that has arrived at `atMs`. */
  arrived(atMs: number, endMs: number): void {
    if (this.#count++ % WINDOW === 0) {
      this.#before = this.#now
      this.#now = Number.POSITIVE_INFINITY
    }
    this.#now = Math.min(this.#now, atMs - endMs)
  }

  /** Where it stands at `atMs` [ms of the line]; before anything has arrived it has begun with the call. */
  at(atMs: number): number {
    const late = Math.min(this.#before, this.#now)
    return Math.max(0, atMs - (Number.isFinite(late) ? late : 0))
  }
}
