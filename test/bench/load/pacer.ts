import { monotonicMs } from './clock.ts'
import { TimeLog } from './time-log.ts'

interface Beat {
  dueMs: number
  readonly tick: (nowMs: number) => void
}

/** Consecutive beats lie this share of a period apart: however many there are, they fill the period evenly. */
const GOLDEN = 0.618_033_988_749_895

/**
 * Many drift-free beats of one period, spread evenly over it: n calls send n messages a period, and never all at once.
 *
 * ```
 *   call 0   |          |          |
 *   call 1         |          |          |        one timer of a millisecond looks what is due
 *   call 2      |          |          |
 * ```
 * A beat that is late comes late, none is left out. Disposing stops all.
 */
export class Pacer implements Disposable {
  readonly #periodMs: number
  readonly #beats: (Beat | undefined)[] = []
  readonly #lags = new TimeLog()
  readonly #timer: NodeJS.Timeout

  constructor(periodMs: number) {
    this.#periodMs = periodMs
    this.#timer = setInterval(() => this.#look(), 1)
  }

  /** How late each beat came [ms], with the time of it at `2n` and the lag at `2n + 1`. */
  get lags(): Float64Array {
    return this.#lags.values()
  }

  /** Calls `tick` once a period from now on; the result ends that. */
  add(tick: (nowMs: number) => void): () => void {
    const phaseMs = ((this.#beats.length * GOLDEN) % 1) * this.#periodMs
    const nowMs = monotonicMs()
    const at = this.#beats.length
    // Phases count from 0 of the clock, not from now: then it does not matter when a call begins.
    const dueMs = nowMs + ((((phaseMs - nowMs) % this.#periodMs) + this.#periodMs) % this.#periodMs)
    this.#beats.push({ dueMs, tick })
    return () => {
      this.#beats[at] = undefined
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    let nowMs = monotonicMs()
    for (const beat of this.#beats) {
      while (beat !== undefined && beat.dueMs <= nowMs) {
        this.#lags.push(nowMs)
        this.#lags.push(nowMs - beat.dueMs)
        beat.dueMs += this.#periodMs
        beat.tick(nowMs)
        nowMs = monotonicMs()
      }
    }
  }
}
