import { setImmediate } from 'node:timers/promises'
import { Ear } from '../../audio/ear.ts'
import { silenceByte } from '../../audio/format.ts'
import { makeSilero } from '../../audio/silero.ts'
import { parseSileroWeights } from '../../audio/silero-weights.ts'
import { ManualClock } from '../../base/manual-clock.ts'
import { readSpeechWeights } from '../../base/speech-weights.ts'
import { Ticker } from '../../base/ticker.ts'
import { answer } from '../../call/answer.ts'
import type { CallEvent } from '../../call/events.ts'
import type { CallInfo, Farewell } from '../../call/info.ts'
import { openSession } from '../../call/opening.ts'
import { Standing } from '../../call/standing.ts'
import type { OpenTap, Tapped } from '../../call/tap.ts'
import { RecordedLeg } from '../../carriers/recorded/leg.ts'
import { type KnownCall, type Next, whatComesNext } from '../../carriers/twilio/next.ts'
import type { Deed } from '../../providers/scripted/script.ts'
import { agentOf } from './agent.ts'
import { listenIn } from './listen-in.ts'
import { RecordedModel } from './model.ts'
import { act } from './operator-acts.ts'
import type { RecordedCall, RecordedStream } from './recorded-call.ts'

/** What came of one stream of a call when it was replayed. Times are in whole [ms] since it began. */
export interface StreamReplay {
  /** What the model is told of this call when its session is opened, besides its instructions: what was said before. */
  readonly memory?: string
  /** Everything that happened. */
  readonly events: readonly CallEvent[]
  /** When the carrier's buffer was cleared, and when we hung up. */
  readonly carrier: readonly { readonly atMs: number; readonly type: 'clear' | 'hung-up' }[]
  /** What the model was told, since its session was opened. */
  readonly told: readonly Deed[]
  /** What the sessions behind the first one were told, each since it was opened. */
  readonly toldAnew?: readonly { readonly memory?: string; readonly told: readonly Deed[] }[]
  /** Sound given to the model, in all its sessions, and sound that the caller's phone really played [ms]. */
  readonly modelHeardMs: number
  readonly callerHeardMs: number
  /** What the carrier did with the caller after the stream; a human that it dialled may not have taken the call. */
  readonly afterwards: readonly Next[]
}

export interface Replay {
  readonly streams: readonly StreamReplay[]
  /** What the caller's phone played from the first moment of each stream on, 20 ms after 20 ms: in the line's code. */
  readonly heard: readonly Uint8Array[]
  /** Everything that crossed the wires, of each stream. */
  readonly tapped: readonly (readonly Tapped[])[]
}

const BEAT_MS = 20
/** What follows from one moment happens before the next: so finely time goes on where a real line's is known. */
const FINE_MS = 5

const weights = parseSileroWeights(readSpeechWeights())
const speech = () => makeSilero(weights)

/**
 * Runs a recorded caller and a recorded model through today's heart and today's ear, on a manual clock.
 * @param openTap listens to the streams, as in a real house.
 */
export async function replay(call: RecordedCall, openTap?: OpenTap): Promise<Replay> {
  const { callId, from, to, resumed, dialled: outcomes } = call.description
  const dialled = [...outcomes]
  const runs: StreamRun[] = []
  const streams: StreamReplay[] = []
  let info: CallInfo = { callId, from, to, ...(resumed === undefined ? {} : { resumed }) }
  let spentMs = 0
  for (const stream of call.streams) {
    const run = await runStream(call, stream, info, openTap)
    spentMs += run.replay.events.at(-1)?.atMs ?? 0
    const afterwards = follow(run.farewell, dialled)
    runs.push(run)
    streams.push(inWholeMs({ ...run.replay, afterwards }))
    const last = afterwards.at(-1)
    if (last?.type !== 'come-back' && last?.type !== 'digits') break
    const happened = last.type === 'come-back' ? last.happened : ({ type: 'digits-sent' } as const)
    info = { callId, from, to, resumed: { happened, said: run.farewell.said, spentMs } }
  }
  return { streams, heard: runs.map(({ heard }) => heard), tapped: runs.map(({ tapped }) => tapped) }
}

/** A call that may come back, in a house that goes on living. */
const here: Omit<KnownCall, 'outcome' | 'wanted' | 'dialled' | 'destination'> = {
  over: false,
  lastWords: undefined,
  stream: undefined,
  promised: true,
  mayReturn: true,
  mayRecover: true,
  goingDown: false,
  mayHandOver: false,
  hasFallback: false,
}

/** What the carrier does after a stream, until it wants the next one or the call is over. */
function follow({ outcome, next: wanted }: Farewell, dialled: string[]): readonly Next[] {
  const known = { ...here, outcome, wanted }
  const next = whatComesNext({ ...known, dialled: '', destination: undefined })
  if (next.type !== 'transfer') return [next]
  const how = dialled.shift() ?? 'completed'
  return [next, whatComesNext({ ...known, dialled: how, destination: next.destination })]
}

interface StreamRun {
  readonly replay: Omit<StreamReplay, 'afterwards'>
  readonly heard: Uint8Array
  readonly tapped: readonly Tapped[]
  readonly farewell: Farewell
}

async function runStream(
  call: RecordedCall,
  stream: RecordedStream,
  info: CallInfo,
  openTap: OpenTap | undefined,
): Promise<StreamRun> {
  const clock = new ManualClock()
  const over = new AbortController()
  const ticker = beating(clock, stream.settings.beatMs ?? BEAT_MS, over.signal)
  const model = new RecordedModel(call.description.providers, stream, clock)
  const leg = new RecordedLeg(stream.recording, clock)
  const phone = listenIn(leg, new Ticker(clock))
  const events: CallEvent[] = []
  const tapped: Tapped[] = []
  const stop = new AbortController()
  const { untilMs, stoppedMs } = stream.settings
  if (stoppedMs !== undefined) clock.after(stoppedMs, () => stop.abort(), over.signal)
  const agent = agentOf(call, model, clock)
  const farewell = answer(phone.leg, info, openSession(agent, info, new Standing(clock), clock), {
    ...{ clock, ticker, stop: stop.signal, now: () => 0 },
    makeEar: (format) => new Ear({ format, speech }),
    onEvent: (event: CallEvent) => events.push(event),
    onLive: (handle) => act(handle, stream.operator ?? [], clock, over.signal),
    openTap(opened) {
      const tap = openTap?.(opened)
      return (what) => {
        if (what.type === 'session-opened') model.used()
        tapped.push(what)
        tap?.(what)
      }
    },
  })
  const stepMs = stream.recording.arrivals === undefined ? BEAT_MS : FINE_MS
  for (let atMs = 0; atMs < untilMs && events.at(-1)?.type !== 'ended'; atMs += stepMs) {
    // What follows from one moment happens before the next: promises settle in between.
    await setImmediate()
    clock.advance(stepMs)
  }
  stop.abort()
  const ending = await farewell
  over.abort()
  const frames = phone.frames()
  const silence = new Uint8Array(160).fill(silenceByte(leg.format))
  return {
    farewell: ending,
    replay: whatCame(call.description.instructions, events, leg, model, frames.filter(isSound).length * BEAT_MS),
    heard: Buffer.concat(frames.map((frame) => frame ?? silence)),
    tapped,
  }
}

/** The beat of the house, which has begun before the call: its first one comes `firstMs` after now. */
function beating(clock: ManualClock, firstMs: number, signal: AbortSignal): Ticker {
  const ticker = new Ticker(clock)
  if (firstMs >= BEAT_MS) return ticker
  ticker.onTick(() => {}, signal)
  clock.advance(BEAT_MS - firstMs)
  return ticker
}

function isSound(frame: Uint8Array | undefined): boolean {
  return frame !== undefined
}

function whatCame(
  instructions: string,
  events: readonly CallEvent[],
  leg: RecordedLeg,
  { sessions }: RecordedModel,
  callerHeardMs: number,
): StreamRun['replay'] {
  const memoryOf = (told = instructions): { memory?: string } => {
    const memory = told.slice(instructions.length).trim()
    return memory === '' ? {} : { memory }
  }
  const [first, ...others] = sessions
  return {
    ...memoryOf(first?.options.instructions),
    events,
    carrier: leg.actions.flatMap(({ type, atMs }) => (type === 'clear' || type === 'hung-up' ? [{ atMs, type }] : [])),
    told: first?.deeds ?? [],
    ...(others.length === 0
      ? {}
      : { toldAnew: others.map(({ options, deeds }) => ({ ...memoryOf(options.instructions), told: deeds })) }),
    modelHeardMs: sessions.reduce((sum, { appendedBytes }) => sum + appendedBytes, 0) / 32,
    callerHeardMs,
  }
}

/** Fractions of a millisecond are noise in a file that people read. */
function inWholeMs<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, field) => (typeof field === 'number' ? Math.round(field) : field)))
}
