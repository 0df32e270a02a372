import type { Clock } from '../../base/clock.ts'

/** One deadline that can be set anew and called off. Its owner calls `clear` when it goes. */
export class Alarm {
  readonly #clock: Clock
  #running: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `task` once in `delayMs`, instead of what was set before. */
  set(delayMs: number, task: () => void): void {
    this.clear()
    this.#running = new AbortController()
    this.#clock.after(delayMs, task, this.#running.signal)
  }

  clear(): void {
    // With a reason: without one, each abort makes an exception, stack and all, that nobody sees.
    this.#running?.abort('called off')
    this.#running = undefined
  }
}
