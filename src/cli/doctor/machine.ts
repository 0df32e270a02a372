import { availableParallelism } from 'node:os'
import { mulaw8k, pcm16k, pcm24k } from '../../audio/format.ts'
import { makeTranscoder } from '../../audio/transcoder.ts'
import { systemClock } from '../../base/clock.ts'
import { Ticker } from '../../base/ticker.ts'
import type { Config } from '../../config.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

/** As many as one core holds well. */
const CALLS = 100
const FRAME_MS = 20
/** Of all that a call takes, so much is converting its sound: 200 calls take two thirds of a core (docs/measurements.md). */
const SHARE_OF_SOUND = 0.085
/** What of a core may be in use while its p99 stays below 20 ms. */
const USABLE = 0.65

const LATE_MS = 20
/** Code is compiled meanwhile. */
const WARM_UP_TICKS = 10

interface Measured {
  /** One in a hundred ticks of 20 ms was later [ms]. */
  readonly p99Ms: number
  /** Converting a second of one call's sound, both ways [ms]. */
  readonly callSecondMs: number
}

/** Whether ticks come on time while sound is converted as for many calls, and how many this machine may hold. */
export const machineCheck: Check = {
  name: 'cpu',
  async run({ config, measureMs }) {
    return judgeMachine(await measure(measureMs), config)
  },
}

/** What to make of it, for so many processes and calls. */
export function judgeMachine(
  { p99Ms, callSecondMs }: Measured,
  { workers, limits }: { readonly workers: number; readonly limits: Pick<Config['limits'], 'maxCalls' | 'maxLagMs'> },
): Finding {
  const cores = Math.min(workers, availableParallelism())
  const calls = Math.floor((USABLE * 1000 * cores * SHARE_OF_SOUND) / callSecondMs / 10) * 10
  const late = `one tick of 20 ms in a hundred is ${p99Ms.toFixed(1)} ms late`
  const what = `${late}; room for about ${calls} calls in ${workers} process(es)`
  if (p99Ms > limits.maxLagMs) {
    return fail(what, 'calls would be turned away: this machine is too busy, or its CPU is taken away')
  }
  if (p99Ms > LATE_MS) return warn(what, 'something else is busy here: look again when it is quiet')
  if (calls < limits.maxCalls) {
    return warn(what, `MAX_CALLS is ${limits.maxCalls}: lower it, or set WORKERS to the number of cores`)
  }
  return ok(what)
}

/**
 * ```
 *   tick    0    20    40    60  …         each: one frame up and one down, for 100 calls
 *   late    0     1     0     3  …         the p99 of these
 * ```
 */
async function measure(forMs: number): Promise<Measured> {
  const up = makeTranscoder(mulaw8k, pcm16k)
  const down = makeTranscoder(pcm24k, mulaw8k)
  const [caller, agent] = [new Uint8Array(160).fill(0x55), new Uint8Array(960).fill(0x11)]
  const late: number[] = []
  const stop = new AbortController()
  const busy: number[] = []
  let ticks = 0
  const done = Promise.withResolvers<void>()
  new Ticker(systemClock, FRAME_MS).onTick((lagMs) => {
    const began = performance.now()
    for (let call = 0; call < CALLS; call++) {
      up.push(caller)
      down.push(agent)
    }
    if (ticks++ < WARM_UP_TICKS) return
    busy.push(performance.now() - began)
    late.push(lagMs)
    if (late.length * FRAME_MS >= forMs) done.resolve()
  }, stop.signal)
  // The machine's timers let the process end; there may be nothing else that keeps it.
  const awake = setInterval(() => undefined, 1000)
  await done.promise
  clearInterval(awake)
  stop.abort()
  // The median: what others took from us while we were at it is not what a call costs.
  return { p99Ms: at(late, 0.99), callSecondMs: (at(busy, 0.5) / CALLS) * (1000 / FRAME_MS) }
}

function at(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0
}
