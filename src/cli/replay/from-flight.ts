import { type AudioFormat, durationMs } from '../../audio/format.ts'
import { samplesOf } from '../../audio/pcm.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { Sound } from '../../call/agent.ts'
import type { Recording } from '../../carriers/recorded/leg.ts'
import type { Flight } from '../../store/flights/read.ts'
import { type Description, description, type StreamDescription } from './description.ts'
import { actsOfFlight } from './operator-acts.ts'
import type { RecordedCall, RecordedStream } from './recorded-call.ts'
import { sessionsOf } from './script-of.ts'
import type { DescribedTool } from './tools.ts'

/** How long a replay may go on behind what was recorded [ms]. */
const AFTER_MS = 1500
const BEAT_MS = 20

type Line<T extends Flight['lines'][number]['type']> = Extract<Flight['lines'][number], { type: T }>

/** All lines of one type, in order. */
function linesOf<T extends Flight['lines'][number]['type']>(lines: Flight['lines'], type: T): Line<T>[] {
  return lines.filter((line): line is Line<T> => line.type === type)
}

/** What was recorded of a stream as a call that can be replayed: the caller, the model, the tools and the agent of then. */
export function callOfFlight(flight: Flight): RecordedCall {
  const { header, lines } = flight
  const { agent } = header
  const sessions = sessionsOf(lines)
  const settings = settingsOf(flight, sessions)
  const { filler, hold, ...limits } = agent.manners
  const sounds = new Map<string, Sound>([
    ['filler.wav', soundOf(filler)],
    ['hold.wav', soundOf(hold)],
  ])
  const { greeting } = agent
  if (greeting?.type === 'sound') sounds.set('greeting.wav', soundOf(greeting.sound))
  const described = description.parse({
    about: 'Saved from a call.',
    ...{ name: agent.name, instructions: agent.instructions, leadMs: agent.leadMs, connectMs: agent.connectMs },
    ...(greeting?.type === 'instruction' ? { greeting: greeting.text } : {}),
    ...(greeting?.type === 'sound' ? { greetingSound: { wav: 'greeting.wav', words: greeting.words } } : {}),
    bargeIn: agent.bargeIn,
    manners: {
      ...limits,
      ...(filler === '' ? {} : { filler: 'filler.wav' }),
      ...(hold === '' ? {} : { hold: 'hold.wav' }),
    },
    providers: agent.providers,
    tools: agent.tools.map((tool) => toolOf(tool, lines)),
    ...{ callId: header.callId, from: header.from, to: header.to },
    line: header.format.encoding,
    ...(header.resumed === undefined ? {} : { resumed: header.resumed }),
    streams: [settings],
  } satisfies Record<keyof Omit<Description, Omitted>, unknown> & { resumed?: unknown })
  const recording = recordingOf(flight, settings)
  const stream: RecordedStream = { settings, recording, sessions, operator: actsOfFlight(lines) }
  return { description: described, streams: [stream], sound: (name) => sounds.get(name) ?? new Int16Array(0) }
}

/** What is said by sessions, by what is recorded of the call, or not at all. */
type Omitted = 'greeting' | 'greetingSound' | 'turnsBy' | 'takesNotes' | 'dialled' | 'resumed'

function settingsOf({ lines }: Flight, sessions: RecordedStream['sessions']): StreamDescription {
  const ended = linesOf(lines, 'happened').find(({ event }) => event.type === 'ended')
  const code = ended?.event['reason'] === 'provider-lost' ? ended.event['code'] : undefined
  const callerEvents = linesOf(lines, 'leg-event').flatMap(({ atMs, event }): StreamDescription['callerEvents'] => {
    if (event.type === 'dtmf') return [{ atMs, ...event }]
    return event.type === 'closed' ? [{ atMs, type: 'closed', by: event.by }] : []
  })
  return {
    connectMs: 0,
    untilMs: (lines.at(-1)?.atMs ?? 0) + AFTER_MS,
    callerEvents,
    beatMs: beatOf(lines),
    ...(ended?.event['reason'] === 'shutdown' ? { stoppedMs: ended.atMs } : {}),
    ...(code === undefined ? {} : { noneLeft: code as ErrorCode & `provider-${string}` }),
    sessions: sessions.map(({ facts, openedMs = 0, script }) => ({ ...facts, openedMs, steps: script.length })),
  }
}

/**
 * When the house's beat first came: sound is played on it, unless it is played because it has just come. Timers are late
 * and never early, so of all the times within a beat the most frequent millisecond is it.
 */
function beatOf(lines: Flight['lines']): number {
  const counts = new Array<number>(BEAT_MS).fill(0)
  const arrivals = new Set(linesOf(lines, 'session-event').map(({ atMs }) => Math.round(atMs)))
  for (const { atMs, deed } of linesOf(lines, 'leg-deed')) {
    if (deed.type !== 'play' || arrivals.has(Math.round(atMs))) continue
    const place = Math.floor(atMs) % BEAT_MS
    counts[place] = (counts[place] ?? 0) + 1
  }
  const most = Math.max(...counts)
  return most === 0 ? BEAT_MS : counts.indexOf(most) || BEAT_MS
}

function recordingOf({ header, lines }: Flight, { callerEvents: events }: StreamDescription): Recording {
  const pieces: Uint8Array[] = []
  const arrivals: { atMs: number; bytes: number }[] = []
  for (const { atMs, event } of linesOf(lines, 'leg-event')) {
    if (event.type !== 'audio') continue
    const audio = Buffer.from(event.audio, 'base64')
    pieces.push(audio)
    arrivals.push({ atMs, bytes: audio.length })
  }
  const { callId, format } = header
  return { callId, format, audio: Buffer.concat(pieces), events, arrivals, echoMs: echoOf(lines, format) }
}

/** How long marks were on their way back when the sound before them had been played: of half of them, not longer. */
function echoOf(lines: Flight['lines'], format: AudioFormat): number {
  const playedOut = new Map<string, number>()
  const late: number[] = []
  let untilMs = 0
  for (const line of lines) {
    if (line.type === 'leg-deed') {
      const { atMs, deed } = line
      if (deed.type === 'play')
        untilMs = Math.max(untilMs, atMs) + durationMs(format, Buffer.byteLength(deed.audio, 'base64'))
      if (deed.type === 'mark') playedOut.set(deed.name, Math.max(untilMs, atMs))
      if (deed.type !== 'clear') continue
      // What comes back now has not been played.
      playedOut.clear()
      untilMs = atMs
    } else if (line.type === 'leg-event' && line.event.type === 'mark') {
      const playedMs = playedOut.get(line.event.name)
      if (playedMs !== undefined) late.push(Math.max(0, line.atMs - playedMs))
    }
  }
  return late.sort((a, b) => a - b)[late.length >> 1] ?? 0
}

/** Errors that the heart itself finds, before a tool is run. */
const NOT_RUN =
  /^\{"error":"(wrong arguments: |the arguments are not JSON|too many tools are running|there is no tool named )/

/** Those of ours that let go of the line do it again; of the others their answers are known. */
function toolOf(tool: Flight['header']['agent']['tools'][number], lines: Flight['lines']): DescribedTool {
  const { name, parameters } = tool
  if (name === 'end_call' || name === 'send_dtmf') return name
  if (name === 'transfer_call') return { transfer_call: destinationsOf(parameters) }
  const happened = linesOf(lines, 'happened')
  const answers = happened
    .filter(({ event }) => event.type === 'tool-called' && event['name'] === name)
    .map(({ atMs, event: { toolCallId } }) => {
      const done = happened.find(({ event }) => event.type === 'tool-answered' && event['toolCallId'] === toolCallId)
      if (done === undefined) return null
      return answerOf(String(toolCallId), done, done.atMs - atMs, lines)
    })
  return { ...tool, answers: answers.filter((answer) => answer !== 'not run') }
}

function answerOf(toolCallId: string, { event }: Line<'happened'>, afterMs: number, lines: Flight['lines']) {
  const told = linesOf(lines, 'session-deed').flatMap(({ deed }) =>
    deed.type === 'answer-tool' && deed.toolCallId === toolCallId ? [deed.output] : [],
  )
  const output = told[0] ?? String(event['output'])
  if (event['ok'] === true) return { afterMs, output }
  return NOT_RUN.test(output) ? 'not run' : { afterMs, error: errorOf(output) }
}

function errorOf(output: string): string {
  try {
    const { error } = JSON.parse(output)
    return String(error)
  } catch {
    return 'it failed'
  }
}

/** The numbers are not in the record, and nobody is dialled. */
function destinationsOf(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = JSON.stringify(parameters).match(/"enum":(\[[^\]]*\])/)?.[1] ?? '[]'
  const list: unknown = JSON.parse(names)
  return Object.fromEntries((Array.isArray(list) ? list : []).map((name) => [String(name), '+15550100']))
}

function soundOf(base64: string): Sound {
  return samplesOf(new Uint8Array(Buffer.from(base64, 'base64')))
}
