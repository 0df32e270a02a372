import type { Clock } from '../../base/clock.ts'

/** Length of a frame [ms]. */
export const FRAME_MS = 20
/** Calls are spread over this many phases, so that a hundred of them do not all send in the same instant. */
const PHASES = 4
const STEP_MS = FRAME_MS / PHASES

/**
 * A beat every 20 ms for any number of calls, from one timer.
 *
 * ```
 *   step    0    1    2    3    4    5    6 …     due = start + step x 5 ms: absolute, so lateness never adds up
 *   phase   a    b    c    d    a    b    c …     a call beats on every fourth step; steps without a call do not wake us
 * ```
 * A beat that is late (a busy process) runs as soon as it can, and so do all that were missed: no beat is ever lost.
 */
export class FrameClock {
  readonly #clock: Clock
  readonly #startMs: number
  readonly #phases: readonly Set<() => void>[] = Array.from({ length: PHASES }, () => new Set<() => void>())
  /** The next step that has not run. */
  #step = 0
  /** Aborts the one timer; `undefined`: none is set. */
  #timer: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.now()
  }

  /**
   * Calls `beat` every 20 ms until `signal` aborts.
   * @returns when the first beat is due [ms of the clock]; beat n is due 20 x n ms later.
   */
  join(beat: () => void, signal: AbortSignal): number {
    const idle = this.#phases.every((phase) => phase.size === 0)
    if (idle) this.#step = Math.ceil((this.#clock.now() - this.#startMs) / STEP_MS)
    const sizes = this.#phases.map((phase) => phase.size)
    const phase = sizes.indexOf(Math.min(...sizes))
    // Not before the next step of this phase, whatever step is being run while somebody joins.
    const first = this.#step + ((phase - (this.#step % PHASES) + PHASES) % PHASES)
    if (signal.aborted) return this.#dueMs(first)
    // A closure of our own: the same function may join twice.
    const member = () => beat()
    this.#phases[phase]?.add(member)
    signal.addEventListener('abort', () => this.#leave(phase, member), { once: true })
    this.#arm()
    return this.#dueMs(first)
  }

  #dueMs(step: number): number {
    return this.#startMs + step * STEP_MS
  }

  #leave(phase: number, member: () => void): void {
    this.#phases[phase]?.delete(member)
    if (this.#phases.some((members) => members.size > 0)) return
    this.#timer?.abort()
    this.#timer = undefined
  }

  /** Sets the timer for the next step that has members. */
  #arm(): void {
    this.#timer?.abort()
    this.#timer = undefined
    for (let step = this.#step; step < this.#step + PHASES; step++) {
      if (this.#phases[step % PHASES]?.size === 0) continue
      this.#timer = new AbortController()
      this.#clock.after(Math.max(0, this.#dueMs(step) - this.#clock.now()), () => this.#run(), this.#timer.signal)
      return
    }
  }

  #run(): void {
    try {
      while (this.#dueMs(this.#step) <= this.#clock.now()) {
        const members = this.#phases[this.#step % PHASES] ?? []
        this.#step += 1
        // A copy: who joins during a beat starts with his own first one.
        for (const beat of [...members]) beat()
      }
    } finally {
      // Also when a beat throws: the other calls go on.
      this.#arm()
    }
  }
}

const shared = new WeakMap<Clock, FrameClock>()

/** The one frame clock of all calls that live on `clock`. */
export function frameClockOf(clock: Clock): FrameClock {
  const existing = shared.get(clock)
  if (existing !== undefined) return existing
  const made = new FrameClock(clock)
  shared.set(clock, made)
  return made
}
