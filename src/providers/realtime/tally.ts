/** Names are the model's to choose: only so many are told apart. */
const namesKept = 16

/** What a session did not use, counted, for the one record at its end. */
export class Tally {
  /** Frames of a response that was over, cancelled or never begun. */
  late = 0
  errors = 0
  #known = 0
  readonly #odd = new Map<string, number>()

  /** `known`: a frame we need nothing from; else its name is remembered, because somebody should look at it. */
  ignored(why: 'known' | 'unknown' | 'malformed', name: string): void {
    if (why === 'known') {
      this.#known++
      return
    }
    const key = `${why}: ${name}`
    const kept = this.#odd.has(key) || this.#odd.size < namesKept ? key : 'others'
    this.#odd.set(kept, (this.#odd.get(kept) ?? 0) + 1)
  }

  record(): Readonly<Record<string, unknown>> {
    return { late: this.late, errors: this.errors, ignored: this.#known, odd: Object.fromEntries(this.#odd) }
  }
}
