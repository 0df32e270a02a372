import type { Clock } from './clock.ts'

type Alarm = {
  readonly dueMs: number
  readonly task: () => void
  readonly signal: AbortSignal
}

/** A clock that moves only when told to. Tests and replays own one. */
export class ManualClock implements Clock {
  #nowMs = 0
  #alarms: Alarm[] = []

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void, signal: AbortSignal): void {
    if (!signal.aborted)
      this.#alarms.push({
        dueMs: this.#nowMs + Math.max(0, delayMs),
        task,
        signal,
      })
  }

  /** Moves to `now() + deltaMs` [ms] and runs what falls due on the way, in order of its due time, then of its making. */
  advance(deltaMs: number): void {
    const endMs = this.#nowMs + deltaMs
    for (;;) {
      this.#alarms = this.#alarms.filter((alarm) => !alarm.signal.aborted)
      const next = this.#alarms.reduce<Alarm | undefined>(
        (first, alarm) => (first === undefined || alarm.dueMs < first.dueMs ? alarm : first),
        undefined,
      )
      if (next === undefined || next.dueMs > endMs) break
      this.#alarms.splice(this.#alarms.indexOf(next), 1)
      this.#nowMs = next.dueMs
      next.task()
    }
    this.#nowMs = endMs
  }
}
