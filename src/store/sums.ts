import type { ProviderUsage, Totals, TrendPoint } from '../call/archive.ts'
import type { EndReason } from '../call/events.ts'
import { addUsage, durationOf, type Tally } from './tally.ts'

const STEP_MS = { hour: 3_600_000, day: 86_400_000 } as const
const MAX_STEPS = 400

/** Calls added up: their number does not matter, for latencies are counted by the whole millisecond. */
export class Sums {
  #calls = 0
  #durationMs = 0
  #turns = 0
  #bargeIns = 0
  #measured = 0
  readonly #byReason: Partial<Record<EndReason, number>> = {}
  readonly #usage: ProviderUsage[] = []
  /** How often each latency [ms] was measured. */
  readonly #latencies = new Map<number, number>()

  add(tally: Tally): void {
    const { end, turns, bargeIns, usage, latencies } = tally
    this.#calls++
    this.#durationMs += durationOf(tally)
    this.#turns += turns
    this.#bargeIns += bargeIns
    if (end !== undefined) this.#byReason[end.reason] = (this.#byReason[end.reason] ?? 0) + 1
    for (const { provider, ...tokens } of usage) addUsage(this.#usage, provider, tokens)
    for (const ms of latencies) this.#latencies.set(ms, (this.#latencies.get(ms) ?? 0) + 1)
    this.#measured += latencies.length
  }

  totals(): Totals {
    const [p50, p95] = this.#quantiles([0.5, 0.95])
    return {
      calls: this.#calls,
      byReason: this.#byReason,
      durationMs: this.#durationMs,
      turns: this.#turns,
      bargeIns: this.#bargeIns,
      ...(p50 === undefined || p95 === undefined ? {} : { latencyP50Ms: p50, latencyP95Ms: p95 }),
      usage: this.#usage,
    }
  }

  /** Nearest rank, as in one call's summary. */
  #quantiles(parts: readonly number[]): readonly (number | undefined)[] {
    const sorted = [...this.#latencies].sort(([a], [b]) => a - b)
    return parts.map((part) => {
      let left = Math.max(1, Math.ceil(part * this.#measured))
      return sorted.find(([, count]) => {
        left -= count
        return left <= 0
      })?.[0]
    })
  }
}

/** Calls added up by the hour or the day (UTC) in which they were opened. */
export class Trend {
  readonly #stepMs: number
  readonly #steps = new Map<number, Sums>()

  constructor(step: keyof typeof STEP_MS) {
    this.#stepMs = STEP_MS[step]
  }

  /** Newest first. False: it is of a step that is one too many, and so are all that are older. */
  add(openedAt: number, tally: Tally): boolean {
    const at = Math.floor(openedAt / this.#stepMs) * this.#stepMs
    let sums = this.#steps.get(at)
    if (sums === undefined) {
      if (this.#steps.size === MAX_STEPS) return false
      sums = new Sums()
      this.#steps.set(at, sums)
    }
    sums.add(tally)
    return true
  }

  /** Oldest first. */
  points(): readonly TrendPoint[] {
    return [...this.#steps].sort(([a], [b]) => a - b).map(([at, sums]) => ({ at, ...sums.totals() }))
  }
}
