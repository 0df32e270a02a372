import { encodeMulaw } from '../../src/audio/g711.ts'
import { frameLevels } from '../../src/cli/measure.ts'
import { readSound } from '../../src/cli/replay/sounds.ts'

/** Something that the caller says: a file of fixtures/audio, from its first sample at `atMs` of the stream. */
export interface Line {
  readonly atMs: number
  readonly file: string
}

/** A call that is to be recorded. `description` is its call.json, but for the streams' own part. */
export interface CallDraft {
  readonly name: string
  readonly description: Readonly<Record<string, unknown>>
  readonly streams: readonly StreamDraft[]
}

export interface StreamDraft {
  readonly connectMs?: number
  readonly untilMs: number
  readonly callerEvents?: readonly unknown[]
  readonly lines: readonly Line[]
  /** What the model tells: in time of the stream. */
  readonly session: readonly Step[]
  /** How much of the agent's own sound comes back, and how late. */
  readonly echo?: { readonly levelDb: number; readonly delayMs: number }
}

/** As a step of a script stands in a file. */
export interface Step {
  readonly atMs: number
  readonly after?: string
  readonly nth?: number
  readonly event: Readonly<Record<string, unknown>> & { readonly type: string }
}

/** When a step comes: of the session, or after something that the call does. */
export type When = number | { readonly after: string; readonly nth?: number; readonly ms: number }

/** A step's time, `ms` after `when`. */
export function at(when: When, ms = 0): Pick<Step, 'atMs' | 'after' | 'nth'> {
  if (typeof when === 'number') return { atMs: Math.round(when + ms) }
  const { after, nth } = when
  return { atMs: Math.round(when.ms + ms), after, ...(nth === undefined ? {} : { nth }) }
}

/** When a line becomes audible and when it ends to be [ms of the stream]: louder than -45 dBFS. */
export function spanOf({ atMs, file }: Line): { readonly fromMs: number; readonly toMs: number } {
  const loud = frameLevels(encodeMulaw(readSound(file))).map((level) => level > -45)
  return { fromMs: atMs + loud.indexOf(true) * 20, toMs: atMs + (loud.lastIndexOf(true) + 1) * 20 }
}

/** The model knows of a voice 300 ms after it begins, and that it has ended 500 ms after it has. */
const HEARS_MS = 300
const SILENCE_MS = 500

/** A turn as the model's own detector hears it; its words come 120 ms later. */
export function turn(line: Line, itemId: string, text: string): Step[] {
  const { toMs } = spanOf(line)
  const transcript = { type: 'transcript', speaker: 'caller', itemId, text, final: true }
  return [...noise(line), { ...at(toMs, SILENCE_MS + 120), event: transcript }]
}

/** A sound that the model's detector takes for speech, and that has no words. */
export function noise(line: Line): Step[] {
  const { fromMs, toMs } = spanOf(line)
  return [
    { ...at(fromMs, HEARS_MS), event: { type: 'speech-started' } },
    { ...at(toMs, SILENCE_MS), event: { type: 'speech-stopped' } },
  ]
}

/** The model has understood that somebody speaks. */
export function noticedMs(line: Line): number {
  return spanOf(line).fromMs + HEARS_MS
}

/** When the model begins to answer a turn. */
export function answerMs(line: Line): number {
  return spanOf(line).toMs + SILENCE_MS + 350
}

export interface Reply {
  readonly when: When
  readonly id: string
  readonly text: string
  /** How long it sounds [ms]: a tone of `hz`, or the beginning of a file of fixtures/audio. */
  readonly ms: number
  readonly sound: { readonly hz: number } | { readonly wav: string }
  /** How much faster than it sounds it is sent; default 4. */
  readonly factor?: number
  /** From `response-started` to the first sound [ms]; default 60. */
  readonly thinkMs?: number
  /** Tool calls at its end. */
  readonly calls?: readonly { readonly toolCallId: string; readonly name: string; readonly args: string }[]
}

/** An answer in pieces of 200 ms, each with the words so far. */
export function reply({ when, id, text, ms, sound, factor = 4, thinkMs = 60, calls = [] }: Reply): Step[] {
  const responseId = `resp_${id}`
  const itemId = `item_${id}`
  const pieces = Array.from({ length: Math.ceil(ms / 200) }, (_, i) => {
    const pieceMs = Math.min(200, ms - i * 200)
    const audio = 'hz' in sound ? { hz: sound.hz, ms: pieceMs, dbfs: -20 } : { ...sound, fromMs: i * 200, ms: pieceMs }
    const time = at(when, thinkMs + (i * 200) / factor)
    const soFar = text.slice(0, Math.ceil((text.length * (i + 1)) / (ms / 200)))
    return [
      { ...time, event: { type: 'transcript', speaker: 'agent', itemId, text: soFar, final: false } },
      { ...time, event: { type: 'audio', responseId, itemId, audio } },
    ]
  })
  const doneMs = thinkMs + (pieces.length * 200) / factor
  const outputAudioTokens = Math.round((ms / 1000) * 12.5)
  const usage = { inputTokens: 210, outputTokens: 60, inputAudioTokens: 40, outputAudioTokens }
  const words = { type: 'transcript', speaker: 'agent', itemId, text, final: true }
  return [
    { ...at(when), event: { type: 'response-started', responseId } },
    ...pieces.flat(),
    ...(ms === 0 ? [] : [{ ...at(when, doneMs), event: words }]),
    ...calls.map((call) => ({ ...at(when, doneMs + 5), event: { type: 'tool-call', ...call } })),
    { ...at(when, doneMs + 10), event: { type: 'response-ended', responseId, status: 'completed', usage } },
  ]
}

/** What of an answer the model still sends when it is stopped at `atMs`: two deltas later, then its end. */
export function stopped(steps: readonly Step[], atMs: number): Step[] {
  const late = steps.filter((step) => step.atMs >= atMs && step.event.type === 'audio').slice(0, 2)
  const before = steps.filter((step) => step.atMs < atMs)
  const responseId = before[0]?.event['responseId']
  return [
    ...before,
    ...late.map((step, i) => ({ ...step, atMs: atMs + 15 + i * 5 })),
    { atMs: atMs + 40, event: { type: 'response-ended', responseId, status: 'cancelled' } },
  ]
}

/**
 * By time since the session was opened, as a script is read; what waits for something stands behind, and then the end.
 * What stands behind the end is another session's.
 */
export function scriptOf({ session, connectMs = 0 }: StreamDraft): readonly Step[] {
  const end = session.findIndex(({ event }) => event.type === 'closed')
  const [own, others] = end < 0 ? [session, []] : [session.slice(0, end), session.slice(end + 1)]
  const timed = own.filter(({ after }) => after === undefined).sort((a, b) => a.atMs - b.atMs)
  const waiting = own.filter(({ after }) => after !== undefined)
  const first = [...timed.map((step) => ({ ...step, atMs: step.atMs - connectMs })), ...waiting]
  return end < 0 ? first : [...first, ...session.slice(end, end + 1), ...scriptOf({ ...empty, session: others })]
}

const empty = { untilMs: 0, lines: [] }

/** Most calls begin so: the agent greets, the caller asks for the hours. */
export const greeting = 'Say exactly: Good evening.'
export const hello: Line = { atMs: 1500, file: 'hello-hours.wav' }
export const greets = reply({
  ...{ when: { after: 'respond', ms: 120 }, id: 'greeting', text: 'Good evening.', ms: 900, sound: { hz: 500 } },
})
export const opening: readonly Step[] = [...turn(hello, 'item_c1', 'Hello. Hours?'), ...greets]
export const hours = 'We are open from noon to ten, Tuesday to Sunday, and on Thursday until eight.'

export const hangsUp = (atMs: number) => [{ atMs, type: 'closed', by: 'caller' }]
