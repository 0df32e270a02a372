/** Half of the values are at most `p50`, 95 % at most `p95` [ms]; of `count` values. */
interface Spread {
  readonly p50: number
  readonly p95: number
  readonly count: number
}

/** How quick a call was, as its caller heard it [ms]. What never happened is absent. */
export interface LatencySummary {
  /** From the stream's start to the agent's first sound. */
  readonly greetingMs?: number
  /** From the end of the caller's speech to the agent's first sound at the carrier. */
  readonly responseMs?: Spread
  /** From the beginning of the caller's speech over the agent to the agent's silence. */
  readonly yieldMs?: Spread
  /** How long both spoke at once, in all. */
  readonly overlapMs: number
}

/** A call of hours keeps its latest thousand turns. */
const KEPT = 1000

/** Collects the latencies of one call. */
export class Latencies {
  readonly #responses: number[] = []
  readonly #yields: number[] = []
  #greetingMs: number | undefined
  #overlapMs = 0

  /** The first counts. */
  greeted(ms: number): void {
    this.#greetingMs ??= ms
  }

  responded(ms: number): void {
    keep(this.#responses, ms)
  }

  yielded(ms: number): void {
    keep(this.#yields, ms)
  }

  overlapped(ms: number): void {
    this.#overlapMs += ms
  }

  summary(): LatencySummary {
    const responseMs = spreadOf(this.#responses)
    const yieldMs = spreadOf(this.#yields)
    return {
      ...(this.#greetingMs === undefined ? {} : { greetingMs: this.#greetingMs }),
      ...(responseMs === undefined ? {} : { responseMs }),
      ...(yieldMs === undefined ? {} : { yieldMs }),
      overlapMs: this.#overlapMs,
    }
  }
}

function keep(values: number[], ms: number): void {
  if (values.length >= KEPT) values.shift()
  values.push(ms)
}

/** Median and 95th percentile (nearest rank, so values that were measured); `undefined` for nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]
  const [p50, p95] = [at(0.5), at(0.95)]
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95, count: sorted.length }
}
