import { setTimeout } from 'node:timers/promises'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import { startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import { type Fault, makeRandom } from '../../src/simulators/carrier/faults.ts'

/** How a call was to end, and how it did. */
export interface Outcome {
  readonly way: string
  readonly heard: boolean
  /** By whom, or `stuck`: it had to be broken off. */
  readonly endedBy: string
}

/** What a caller does: speaks at once, stays so long [ms] after having heard something, and meets with this. */
interface Way {
  readonly name: string
  readonly part: number
  readonly stayMs: number
  readonly faults?: readonly Fault[]
}

const ways: readonly Way[] = [
  { name: 'hangs up in an answer', part: 45, stayMs: 900 },
  { name: 'hangs up in the greeting', part: 15, stayMs: 100 },
  { name: 'waits for the agent to hang up', part: 20, stayMs: 1000 },
  { name: 'loses the connection', part: 10, stayMs: 1000, faults: [{ type: 'drop', atMs: 500 }] },
  { name: 'loses the stream', part: 5, stayMs: 1000, faults: [{ type: 'close', atMs: 500 }] },
  { name: 'hangs up without a stop', part: 5, stayMs: 800, faults: [{ type: 'no-stop' }] },
]

/** No call of the soak takes so long [ms]. */
const STUCK_MS = 30_000
/** From whom nothing is heard is left [ms]. */
const PATIENCE_MS = 3000
/** Callers share numbers, so that what the house remembers by number has its full size early. */
const CALLERS = 200

const voice = encodeMulaw(tone(440, 250, 8000))

export interface CallsOptions {
  readonly url: string
  readonly parallel: number
  readonly seed: number
  readonly done: (outcome: Outcome) => void
}

/** Makes calls number `from` to `to - 1`, so many at once. The same number makes the same call, whatever its lane. */
export async function makeCalls(from: number, to: number, options: CallsOptions): Promise<void> {
  let next = from
  const lane = async () => {
    while (next < to) options.done(await makeCall(next++, options))
  }
  await Promise.all(Array.from({ length: Math.min(options.parallel, to - from) }, lane))
}

async function makeCall(number: number, { url, seed }: CallsOptions): Promise<Outcome> {
  const random = makeRandom(seed * 1_000_003 + number)
  const way = wayOf(random() * 100)
  await using call = startSimulatedCall({
    webhookUrl: `${url}/twilio/voice`,
    statusCallback: { url: `${url}/twilio/call-status` },
    from: `+1415555${String(1000 + (number % CALLERS))}`,
    seed: number,
    faults: way.faults ?? [],
    maxCallMs: STUCK_MS,
    record: false,
  })
  let heard = false
  call.listen(({ type }) => {
    if (type === 'audio-heard') heard = true
  })
  void call.speak(voice)
  const over = new AbortController()
  const pause = (ms: number) => setTimeout(ms, undefined, { signal: over.signal }).catch(() => undefined)
  const leave = async () => {
    await Promise.race([call.next('audio-heard').catch(() => undefined), pause(PATIENCE_MS)])
    await pause(way.stayMs)
    call.hangUp()
  }
  void leave()
  const end = await Promise.race([call.ended, pause(STUCK_MS)])
  over.abort()
  return { way: way.name, heard, endedBy: end?.by ?? 'stuck' }
}

function wayOf(of100: number): Way {
  let from = 0
  for (const way of ways) {
    from += way.part
    if (of100 < from) return way
  }
  throw new RangeError('the parts are 100')
}
