import { setImmediate } from 'node:timers/promises'
import { Ear } from '../../src/audio/ear.ts'
import { mulaw8k, silenceByte } from '../../src/audio/format.ts'
import { makeSilero } from '../../src/audio/silero.ts'
import { parseSileroWeights } from '../../src/audio/silero-weights.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { readSpeechWeights } from '../../src/base/speech-weights.ts'
import { Ticker } from '../../src/base/ticker.ts'
import type { Agent } from '../../src/call/agent.ts'
import { answer } from '../../src/call/answer.ts'
import type { CallEvent } from '../../src/call/events.ts'
import type { CallInfo, Farewell } from '../../src/call/info.ts'
import { openSession } from '../../src/call/opening.ts'
import { Standing } from '../../src/call/standing.ts'
import { RecordedLeg } from '../../src/carriers/recorded/leg.ts'
import { type KnownCall, type Next, whatComesNext } from '../../src/carriers/twilio/next.ts'
import { makeScriptedProvider, type ScriptedProvider } from '../../src/providers/scripted/provider.ts'
import type { Deed, ScriptStep } from '../../src/providers/scripted/script.ts'
import { makeArgumentCheck } from '../../src/tools/check-arguments.ts'
import { infoOf, plainAgent, plainManners } from '../fakes/agent.ts'
import { listenIn } from '../fakes/listen-in.ts'
import type { RecordedCall, RecordedStream } from './recorded-call.ts'
import { readSound } from './sounds.ts'
import { makeTool } from './tools.ts'

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
  /** What the caller's phone played from the first moment of each stream on, 20 ms after 20 ms: mu-law. */
  readonly heard: readonly Uint8Array[]
}

const INSTRUCTIONS = 'Be kind.'
const STEP_MS = 20

const weights = parseSileroWeights(readSpeechWeights())
const speech = () => makeSilero(weights)
const checkArguments = makeArgumentCheck()

/** Runs a recorded caller and a recorded model through today's heart and today's ear, on a manual clock. */
export async function replay({ description, streams }: RecordedCall): Promise<Replay> {
  const dialled = [...description.dialled]
  const replays: StreamReplay[] = []
  const heard: Uint8Array[] = []
  let info = infoOf('recorded')
  let spentMs = 0
  for (const stream of streams) {
    const run = await runStream(description, stream, info)
    spentMs += run.replay.events.at(-1)?.atMs ?? 0
    const afterwards = follow(run.farewell, dialled)
    replays.push(inWholeMs({ ...run.replay, afterwards }))
    heard.push(run.heard)
    const last = afterwards.at(-1)
    if (last?.type !== 'come-back' && last?.type !== 'digits') break
    const happened = last.type === 'come-back' ? last.happened : ({ type: 'digits-sent' } as const)
    info = { ...infoOf('recorded'), resumed: { happened, said: run.farewell.said, spentMs } }
  }
  return { streams: replays, heard }
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

async function runStream(
  description: RecordedCall['description'],
  { connectMs, untilMs, recording, script }: RecordedStream,
  info: CallInfo,
): Promise<{ replay: Omit<StreamReplay, 'afterwards'>; heard: Uint8Array; farewell: Farewell }> {
  const clock = new ManualClock()
  const { turnsBy, takesNotes } = description
  const scripts = scriptsOf(script)
  const scriptOf = (session: number) => scripts[session] ?? []
  const provider = makeScriptedProvider({ clock, script: scriptOf, connectMs, turnsBy, takesNotes })
  const leg = new RecordedLeg(recording, clock)
  const phone = listenIn(leg, new Ticker(clock))
  const events: CallEvent[] = []
  const stop = new AbortController()
  const agent = agentOf(description, provider, clock)
  const farewell = answer(phone.leg, info, openSession(agent, info, new Standing(clock), clock), {
    clock,
    ticker: new Ticker(clock),
    makeEar: (format) => new Ear({ format, speech }),
    stop: stop.signal,
    onEvent: (event: CallEvent) => events.push(event),
  })
  for (let atMs = 0; atMs < untilMs && events.at(-1)?.type !== 'ended'; atMs += STEP_MS) {
    // What follows from one moment happens before the next: promises settle in between.
    await setImmediate()
    clock.advance(STEP_MS)
  }
  stop.abort()
  const [session, ...others] = provider.sessions
  const replay = {
    ...memoryOf(session?.options.instructions),
    events,
    carrier: leg.actions.flatMap(({ type, atMs }) => (type === 'clear' || type === 'hung-up' ? [{ atMs, type }] : [])),
    told: session?.deeds ?? [],
    ...(others.length === 0
      ? {}
      : { toldAnew: others.map(({ options, deeds }) => ({ ...memoryOf(options.instructions), told: deeds })) }),
    modelHeardMs: provider.sessions.reduce((sum, { appendedBytes }) => sum + appendedBytes, 0) / 32,
    callerHeardMs: phone.frames().filter((frame) => frame !== undefined).length * STEP_MS,
  }
  return { farewell: await farewell, replay, heard: Buffer.concat(phone.frames().map((frame) => frame ?? silence)) }
}

/** What stands behind a `closed` is said by the session that takes the place of the lost one, in its own time. */
function scriptsOf(script: readonly ScriptStep[]): readonly (readonly ScriptStep[])[] {
  const scripts: ScriptStep[][] = [[]]
  for (const step of script) {
    scripts.at(-1)?.push(step)
    if (step.event.type === 'closed') scripts.push([])
  }
  return scripts
}

function memoryOf(instructions = INSTRUCTIONS): { memory?: string } {
  const memory = instructions.slice(INSTRUCTIONS.length).trim()
  return memory === '' ? {} : { memory }
}

function agentOf(description: RecordedCall['description'], provider: ScriptedProvider, clock: ManualClock): Agent {
  const { bargeIn, manners, tools } = description
  const { filler, ...limits } = manners
  const agent = plainAgent(provider, {
    instructions: INSTRUCTIONS,
    connectMs: 10_000,
    manners: { ...plainManners, ...defined(limits), ...(filler === undefined ? {} : { filler: readSound(filler) }) },
    tools: tools.map((tool) => makeTool(tool, clock)),
    checkArguments,
  })
  return {
    ...agent,
    greeting: greetingOf(description),
    bargeIn: { ...agent.bargeIn, by: 'local+model', ...defined(bargeIn) },
  }
}

function greetingOf({ greeting, greetingSound }: RecordedCall['description']): Agent['greeting'] {
  if (greetingSound !== undefined) {
    return { type: 'sound', sound: readSound(greetingSound.wav), words: greetingSound.words }
  }
  return greeting === undefined ? undefined : { type: 'instruction', text: greeting }
}

/** Without the fields that are not there. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return JSON.parse(JSON.stringify(value))
}

const silence = new Uint8Array(160).fill(silenceByte(mulaw8k))

/** Fractions of a millisecond are noise in a file that people read. */
function inWholeMs<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, field) => (typeof field === 'number' ? Math.round(field) : field)))
}
