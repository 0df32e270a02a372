/** A house that is on time does something, 50 times a second; what was found out later than this was found out late [ms]. */
const ON_TIME_MS = 25
/** More than this is no late house any more: nothing has happened [ms]. */
const MOST_LATE_MS = 300
/** What is told of a cut belongs to the silence before it, for as long as that may be in doubt [ms]. */
const DOUBT_MS = 2000

/** As much of what crossed a wire as says that something did. */
interface Crossed {
  readonly atMs: number
  readonly type: string
  readonly deed?: { readonly type: string }
}

/**
 * Finds out of what crosses the wires when the house was late, for that no code of today can be to blame.
 *
 * ```
 *   frame  frame  frame                        frame frame frame      nothing crosses for a while, then all at once
 *                   └ the ear takes 77 ms ─ clear ┘                   so late the clear may be
 * ```
 */
export class Lateness {
  #lastMs = 0
  #lateMs = 0
  #cutMs = Number.NEGATIVE_INFINITY
  #cutLateMs = 0

  /** How late the house was when this happened; what is told of a cut is as late as the cut [ms]. In order. */
  at(what: Crossed): number {
    const lateMs = this.own(what)
    if (what.type === 'leg-deed' && what.deed?.type === 'clear') {
      this.#cutMs = what.atMs
      this.#cutLateMs = lateMs
    }
    return Math.max(lateMs, what.atMs - this.#cutMs < DOUBT_MS ? this.#cutLateMs : 0)
  }

  /** The same without cuts. */
  own(what: Crossed): number {
    // What was heard is told of the past.
    if (what.type === 'heard') return 0
    const apartMs = what.atMs - this.#lastMs
    if (apartMs > 2) this.#lateMs = apartMs > ON_TIME_MS ? Math.min(apartMs, MOST_LATE_MS) : 0
    this.#lastMs = what.atMs
    return this.#lateMs
  }
}
