/**
 * When the carrier sends marks back: when the sound before them has been played, or was thrown away.
 *
 * ```
 *   sound    [====][====]        [==]
 *   mark          a     b           c
 *   back               a     b        c          clear: all that wait, now
 * ```
 */
export class PlayedMarks {
  /** When all sound is played [ms]. */
  #endMs = 0
  #waiting: { readonly name: string; readonly dueMs: number }[] = []

  play(nowMs: number, soundMs: number): void {
    this.#endMs = Math.max(nowMs, this.#endMs) + soundMs
  }

  /** Whether it goes back at once, because nothing is left to be played. */
  mark(nowMs: number, name: string): boolean {
    if (this.#endMs <= nowMs) return true
    this.#waiting.push({ name, dueMs: this.#endMs })
    return false
  }

  /** Takes out those whose sound has been played. */
  due(nowMs: number): readonly string[] {
    const first = this.#waiting[0]
    if (first === undefined || first.dueMs > nowMs) return []
    const still = this.#waiting.findIndex(({ dueMs }) => dueMs > nowMs)
    return this.#waiting.splice(0, still < 0 ? this.#waiting.length : still).map(({ name }) => name)
  }

  /** Throws the sound away; takes out all. */
  clear(nowMs: number): readonly string[] {
    this.#endMs = nowMs
    return this.#waiting.splice(0).map(({ name }) => name)
  }
}
