import type { Clock } from './clock.ts'

type Alarm = {
  readonly dueMs: number
  readonly task: () => void
  readonly signal: AbortSignal
}

/** A clock that moves only when told to. Tests and replays own one. */
export class ManualClock implements Clock {
  #nowMs = 0
  /** In the order in which they fall due, then of their making. */
  #alarms: Alarm[] = []

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void, signal: AbortSignal): void {
    if (signal.aborted) return
    const dueMs = this.#nowMs + Math.max(0, delayMs)
    this.#alarms.splice(this.#placeOf(dueMs), 0, { dueMs, task, signal })
  }

  /** Moves to `now() + deltaMs` [ms] and runs what falls due on the way, in order of its due time, then of its making. */
  advance(deltaMs: number): void {
    const endMs = this.#nowMs + deltaMs
    for (let next = this.#alarms[0]; next !== undefined && next.dueMs <= endMs; next = this.#alarms[0]) {
      this.#alarms.shift()
      if (next.signal.aborted) continue
      this.#nowMs = next.dueMs
      next.task()
    }
    this.#nowMs = endMs
    // What was given up is held no longer than to the end of a step.
    if (this.#alarms.some(({ signal }) => signal.aborted)) {
      this.#alarms = this.#alarms.filter(({ signal }) => !signal.aborted)
    }
  }

  /** Behind all that are due by then. */
  #placeOf(dueMs: number): number {
    let low = 0
    let high = this.#alarms.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#alarms[middle]?.dueMs ?? 0) <= dueMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
