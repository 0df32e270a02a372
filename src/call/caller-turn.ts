/**
 * The caller's turn, as far as whoever ends the turns can tell, and how long its answer takes.
 *
 * ```
 *   caller ▇▇▇▅▁_____|          agent ▇▇▇▇
 *          └ began   └ ended, waits ──┘ answered: so long after the sound of the turn ended
 * ```
 */
export class CallerTurn {
  #sinceMs: number | undefined
  #waitsSinceMs: number | undefined

  /** Since when the caller speaks [ms of the clock]; `undefined`: does not. */
  get sinceMs(): number | undefined {
    return this.#sinceMs
  }

  began(nowMs: number): void {
    this.#sinceMs ??= nowMs
  }

  /** False: none was open. */
  ended(): boolean {
    const wasOpen = this.#sinceMs !== undefined
    this.#sinceMs = undefined
    return wasOpen
  }

  /** The caller waits for an answer to it. */
  waits(nowMs: number): void {
    this.#waitsSinceMs = nowMs
  }

  /**
   * The agent is heard: how long the caller waited for that [ms]; `undefined`: did not wait.
   * @param silentMs since the end of the caller's sound: the model knows of that only when its own silence is over.
   */
  answered(nowMs: number, silentMs: number): number | undefined {
    const sinceMs = this.#waitsSinceMs
    this.#waitsSinceMs = undefined
    return sinceMs === undefined ? undefined : Math.max(nowMs - sinceMs, silentMs)
  }
}
