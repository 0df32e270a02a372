import { systemClock } from './clock.ts'
import { Ticker } from './ticker.ts'

/** How late this process's event loop is. */
export interface LagWatch extends Disposable {
  /** One in a hundred moments of the last ten seconds: what fell due in it was later than this [ms]. */
  readonly p99Ms: number
}

const PERIOD_MS = 50
/** Ten seconds of them. */
const MOMENTS = 200

/**
 * Watches how late a beat of 50 ms comes, until it is disposed of.
 *
 * ```
 *   due    0    50   100  150  200  250  300
 *   ran    0    50                  257  300       the loop was busy from 60 to 257
 *   late   0    0    157  107  57   7    0         what was due at 100 ran at 257; what was due later waited less
 * ```
 * A stall counts for all the time it took, and not as one late beat among many: one of 300 ms in ten seconds makes a p99
 * of some 200 ms. `monitorEventLoopDelay` takes it for one sample in a thousand, and its p99 shows nothing.
 *
 * Costs 0.4 % of a core in a process that is idle but for it (a beat of 20 ms: 1 %, most of it the waking up); reading
 * sorts 200 numbers, some 5 us.
 * @param beat ticks every 50 ms, with how late each tick is [ms]; what a late one skips is not told.
 */
export function watchLag(beat: Pick<Ticker, 'onTick'> = new Ticker(systemClock, PERIOD_MS)): LagWatch {
  const over = new AbortController()
  const lags = new Float64Array(MOMENTS)
  let next = 0
  beat.onTick((lagMs) => {
    const moments = Math.min(1 + Math.floor(lagMs / PERIOD_MS), MOMENTS)
    for (let i = 0; i < moments; i++) {
      lags[next] = lagMs - i * PERIOD_MS
      next = (next + 1) % MOMENTS
    }
  }, over.signal)
  return {
    get p99Ms() {
      return lags.toSorted()[Math.ceil(MOMENTS * 0.99) - 1] ?? 0
    },
    [Symbol.dispose]: () => over.abort(),
  }
}
