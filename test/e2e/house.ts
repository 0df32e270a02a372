import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { readConfig } from '../../src/config.ts'
import { type Offhook, startOffhook } from '../../src/offhook.ts'
import { type SimulatedCall, startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import type { SimulatedCallOptions } from '../../src/simulators/carrier/options.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import {
  type RealtimeServer,
  type RealtimeServerOptions,
  startRealtimeServer,
} from '../../src/simulators/realtime/server.ts'
import { makeLogRecorder } from '../fakes/log.ts'

/** The whole server between a simulated model and as many simulated calls as wanted, over real sockets. */
export interface House extends AsyncDisposable {
  readonly model: RealtimeServer
  readonly offhook: Offhook
  /** All lines that were logged, as text. */
  readonly logged: () => string
  /** Events of one call so far. */
  eventsOf(callId: string): readonly CallEvent[]
  /** The end of a call as the server recorded it: a moment after the phone has hung up. */
  ended(call: SimulatedCall): Promise<EndedEvent>
  call(options?: Partial<SimulatedCallOptions>): SimulatedCall
}

type EndedEvent = Extract<CallEvent, { type: 'ended' }>

export interface HouseOptions {
  readonly script?: Parameters<typeof scriptedMinds>[1]
  readonly model?: Partial<RealtimeServerOptions>
  readonly env?: Readonly<Record<string, string>>
}

export const API_KEY = 'sk-a-key-that-must-not-be-logged'

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  await using opening = new AsyncDisposableStack()
  const model = opening.use(
    await startRealtimeServer({
      apiKey: API_KEY,
      makeMind: scriptedMinds(systemClock, options.script ?? {}),
      inspection: { audioBytes: 32_000 * 30, closedSessions: 100 },
      ...options.model,
    }),
  )
  // Callers here say tones, which can be told apart in a recording and which no ear takes for a voice: so the model's
  // events alone decide. Real voices are in `conversation.test.ts`.
  const callers = { BARGE_IN: 'model', AGENT_GREETING: '' }
  // They all have one number, and the machine is as busy as tests make it: nobody is turned away for that, and a late
  // answer is heard without a tone before it.
  const limits = { MAX_CALLS_PER_CALLER: '1000', CALLER_CALLS_PER_HOUR: '10000' }
  const busy = { MAX_LAG_MS: '10000', FILLER_AFTER_MS: '0', DATA_DIR: 'none', ANALYSIS: 'off' }
  const env = {
    PORT: '0',
    DASHSCOPE_API_KEY: API_KEY,
    REALTIME_URL: model.url,
    ...callers,
    ...limits,
    ...busy,
    ...options.env,
  }
  const config = readConfig(env)
  const recorder = makeLogRecorder()
  const events = new Map<string, CallEvent[]>()
  const offhook = opening.use(
    await startOffhook(config, {
      log: recorder.log,
      onCallEvent(callId, event) {
        events.set(callId, [...(events.get(callId) ?? []), event])
      },
    }),
  )
  const calls = opening.use(new AsyncDisposableStack())
  const scope = opening.move()
  return {
    model,
    offhook,
    logged: () => JSON.stringify(recorder.records),
    eventsOf: (callId) => events.get(callId) ?? [],
    async ended(call) {
      await call.ended
      for (;;) {
        const last = events.get(call.callSid)?.at(-1)
        if (last?.type === 'ended') return last
        await wait(10)
      }
    },
    call(callOptions) {
      const [authToken] = config.twilio.authTokens
      return calls.use(
        startSimulatedCall({
          webhookUrl: `${offhook.publicUrl}/twilio/voice`,
          connectTo: offhook.url,
          maxCallMs: 60_000,
          ...(authToken === undefined ? {} : { authToken: authToken.reveal() }),
          ...callOptions,
        }),
      )
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
}

/** A caller who says a tone. */
export const say = (hz: number, ms: number) => encodeMulaw(tone(hz, ms, 8000))

/** What the caller heard between two places of the recording [ms]. */
export function heardBetween(call: SimulatedCall, fromMs: number, toMs = Number.POSITIVE_INFINITY): Int16Array {
  return decodeMulaw(
    call.recording().heard.subarray(fromMs * 8, toMs === Number.POSITIVE_INFINITY ? undefined : toMs * 8),
  )
}

/** Resolves when nothing of the agent was heard for `ms`, or the call is over. */
export async function agentQuiet(call: SimulatedCall, ms: number): Promise<void> {
  let lastMs = call.recordedMs
  let over = false
  call.listen((event) => {
    if (event.type === 'audio-heard') lastMs = event.atMs
    if (event.type === 'ended') over = true
  })
  while (!over && call.recordedMs - lastMs < ms) await wait(20)
}

/** For what has no event to wait for. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve, new AbortController().signal))
}
