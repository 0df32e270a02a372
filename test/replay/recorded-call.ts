import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { mulaw8k, pcm24k } from '../../src/audio/format.ts'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { readWav } from '../../src/audio/wav.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import { answer } from '../../src/call/answer.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { openSession } from '../../src/call/opening.ts'
import { RecordedLeg, type Recording } from '../../src/carriers/recorded/leg.ts'
import { makeScriptedProvider } from '../../src/providers/scripted/provider.ts'
import { readScript, type ScriptStep } from '../../src/providers/scripted/script.ts'
import { infoOf, plainAgent } from '../fakes/agent.ts'

const description = z.strictObject({
  about: z.string(),
  /** What makes the agent speak first. */
  greeting: z.string().optional(),
  /** How long the model takes to be ready [ms]. */
  connectMs: z.number().nonnegative().optional(),
  /** When the replay stops, if the call has not ended [ms]. */
  untilMs: z.number().positive(),
  callerEvents: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ atMs: z.number(), type: z.literal('dtmf'), digit: z.string() }),
      z.strictObject({ atMs: z.number(), type: z.literal('closed'), by: z.enum(['caller', 'error']) }),
    ]),
  ),
})

/** One folder of fixtures/audio/calls, but for what is expected. */
export interface RecordedCall {
  readonly description: z.infer<typeof description>
  readonly recording: Recording
  readonly script: readonly ScriptStep[]
}

/** What came of a call when it was replayed. */
export interface Replay {
  /** Everything that happened, with times in whole [ms]. */
  readonly events: readonly CallEvent[]
  /** When the carrier's buffer was cleared, and when we hung up [ms]. */
  readonly carrier: readonly { readonly atMs: number; readonly type: 'clear' | 'hung-up' }[]
  /** Sound given to the model [ms]. */
  readonly modelHeardMs: number
}

/** @throws RangeError saying what in the folder is wrong. */
export function readRecordedCall(folder: string): RecordedCall {
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const read = description.safeParse(json('call.json'))
  if (!read.success) throw new RangeError(`${folder}/call.json: ${z.prettifyError(read.error)}`)
  const { sampleRate, channels } = readWav(readFileSync(join(folder, 'caller.wav')))
  const [caller] = channels
  if (sampleRate !== 8000 || caller === undefined)
    throw new RangeError(`${folder}/caller.wav: expected 8000 Hz, got ${sampleRate}`)
  return {
    description: read.data,
    recording: { callId: 'recorded', format: mulaw8k, audio: encodeMulaw(caller), events: read.data.callerEvents },
    script: readScript(json('session.json'), pcm24k),
  }
}

/** Runs a recorded caller and a recorded model through today's heart, on a manual clock. */
export async function replay({
  description: { greeting, connectMs, untilMs },
  recording,
  script,
}: RecordedCall): Promise<Replay> {
  const clock = new ManualClock()
  const provider = makeScriptedProvider({ clock, script, ...(connectMs === undefined ? {} : { connectMs }) })
  const leg = new RecordedLeg(recording, clock)
  const events: CallEvent[] = []
  const stop = new AbortController()
  const agent = plainAgent(provider, {
    connectMs: 10_000,
    greeting: greeting === undefined ? undefined : { type: 'instruction', text: greeting },
  })
  const info = infoOf(leg.callId)
  const surroundings = {
    clock,
    ticker: new Ticker(clock),
    stop: stop.signal,
    onEvent: (event: CallEvent) => events.push(event),
  }
  const outcome = answer(leg, info, openSession(agent, info), surroundings)
  for (let atMs = 0; atMs < untilMs && events.at(-1)?.type !== 'ended'; atMs += 20) {
    // What follows from one moment happens before the next: promises settle in between.
    await setImmediate()
    clock.advance(20)
  }
  stop.abort()
  await outcome
  const [session] = provider.sessions
  return {
    events: events.map((event) => inWholeMs(event)),
    carrier: leg.actions.flatMap(({ type, atMs }) => (type === 'clear' || type === 'hung-up' ? [{ atMs, type }] : [])),
    modelHeardMs: (session?.appendedBytes ?? 0) / 32,
  }
}

/** Fractions of a millisecond are noise in a file that people read. */
function inWholeMs<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, field) => (typeof field === 'number' ? Math.round(field) : field)))
}
