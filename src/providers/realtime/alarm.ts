import type { Clock } from '../../base/clock.ts'

/** One deadline that can be set anew and called off. Its owner calls `clear` when it goes. */
export class Alarm {
  readonly #clock: Clock
  #running: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether it is set and has not rung yet. */
  get waits(): boolean {
    return this.#running !== undefined
  }

  /** Runs `task` once in `delayMs`, instead of what was set before. */
  set(delayMs: number, task: () => void): void {
    this.clear()
    this.#running = new AbortController()
    const ring = () => {
      this.#running = undefined
      task()
    }
    this.#clock.after(delayMs, ring, this.#running.signal)
  }

  clear(): void {
    // With a reason: without one, each abort makes an exception, stack and all, that nobody sees.
    this.#running?.abort('called off')
    this.#running = undefined
  }
}
