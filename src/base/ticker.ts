import type { Clock } from './clock.ts'

/**
 * One drift-free beat for all calls: tick n is due at start + n * period, however late tick n - 1 came.
 *
 * ```
 *   due   0    20    40    60    80
 *   ran   0    20      45  60    80      late 5 ms once, on time again after
 *   lag   0    0       5   0     0
 * ```
 * A stall longer than a period is one late tick, not a burst of them. It rests while nobody listens.
 */
export class Ticker {
  readonly #clock: Clock
  readonly #periodMs: number
  readonly #listeners = new Set<(lagMs: number) => void>()
  #stop: AbortController | undefined

  constructor(clock: Clock, periodMs = 20) {
    this.#clock = clock
    this.#periodMs = periodMs
  }

  /** Calls `listener` with the lag of the tick [ms] on each tick until `signal` aborts. */
  onTick(listener: (lagMs: number) => void, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#remove(listener), {
      once: true,
    })
    if (this.#stop === undefined) {
      this.#stop = new AbortController()
      this.#schedule(this.#clock.now() + this.#periodMs, this.#stop.signal)
    }
  }

  #remove(listener: (lagMs: number) => void): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    this.#stop?.abort()
    this.#stop = undefined
  }

  #schedule(dueMs: number, signal: AbortSignal): void {
    const tick = () => {
      const lagMs = Math.max(0, this.#clock.now() - dueMs)
      this.#schedule(dueMs + this.#periodMs * (1 + Math.floor(lagMs / this.#periodMs)), signal)
      for (const listener of this.#listeners) listener(lagMs)
    }
    this.#clock.after(dueMs - this.#clock.now(), tick, signal)
  }
}
