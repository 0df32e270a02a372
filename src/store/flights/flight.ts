import { z } from 'zod'
import type { AudioFormat } from '../../audio/format.ts'
import type { CallCommand } from '../../call/supervision.ts'
import type { Tapped } from '../../call/tap.ts'

/** Of the form of a flight record: a reader refuses those of another. */
export const FLIGHT_VERSION = 1

const ms = z.number()
const format = z.strictObject({
  encoding: z.enum(['mulaw', 'alaw', 'pcm16']),
  sampleRate: z.union([z.literal(8000), z.literal(16_000), z.literal(24_000)]),
}) satisfies z.ZodType<AudioFormat>
const base64 = z.string()
const json = z.record(z.string(), z.unknown())

const utterance = z.looseObject({})
const happening = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('transfer-failed'), destination: z.string(), how: z.string() }),
  z.strictObject({ type: z.enum(['digits-sent', 'line-broke']) }),
])

/** Sound of the agent's own: PCM16, little-endian, 8 kHz. */
const greeting = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('instruction'), text: z.string() }),
  z.strictObject({ type: z.literal('sound'), sound: base64, words: z.string() }),
])

/** The first line: which call it was, and the agent as plain data. */
export const flightHeader = z.strictObject({
  flight: z.literal(FLIGHT_VERSION),
  callId: z.string(),
  from: z.string(),
  to: z.string(),
  answeredAt: ms,
  resumed: z.strictObject({ happened: happening, spentMs: ms, said: z.array(utterance) }).optional(),
  format,
  agent: z.strictObject({
    name: z.string(),
    providers: z.array(z.strictObject({ name: z.string(), sessionMs: ms.optional() })).nonempty(),
    instructions: z.string(),
    greeting: greeting.optional(),
    bargeIn: z.strictObject({
      by: z.enum(['local+model', 'model', 'off']),
      confirmMs: ms,
      onDigits: z.boolean(),
      turnSilenceMs: ms,
    }),
    manners: z.strictObject({
      idlePromptMs: ms,
      idlePromptsMax: z.number(),
      maxCallMs: ms,
      warnMs: ms,
      fillerAfterMs: ms,
      filler: base64,
      hold: base64,
    }),
    leadMs: ms,
    connectMs: ms,
    tools: z.array(z.strictObject({ name: z.string(), description: z.string(), parameters: json, deadlineMs: ms })),
  }),
})

/** What a flight record begins with. */
export type FlightHeader = z.infer<typeof flightHeader>

const error = z.strictObject({ message: z.string(), code: z.string().optional() })

const legEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio'), audio: base64, atMs: ms }),
  z.strictObject({ type: z.literal('mark'), name: z.string() }),
  z.strictObject({ type: z.literal('dtmf'), digit: z.string() }),
  z.strictObject({ type: z.literal('closed'), by: z.enum(['caller', 'error']), error: error.optional() }),
])

const legDeed = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('play'), audio: base64 }),
  z.strictObject({ type: z.literal('mark'), name: z.string() }),
  z.strictObject({ type: z.enum(['clear', 'hang-up']) }),
])

const tokens = z.number()
const usage = z.strictObject({
  inputTokens: tokens,
  outputTokens: tokens,
  inputAudioTokens: tokens,
  outputAudioTokens: tokens,
})

const sessionEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['speech-started', 'speech-stopped']), itemId: z.string().optional() }),
  z.strictObject({ type: z.literal('turn-refused') }),
  z.strictObject({ type: z.literal('turn-named'), itemId: z.string() }),
  z.strictObject({ type: z.literal('response-started'), responseId: z.string() }),
  z.strictObject({
    type: z.literal('response-ended'),
    responseId: z.string(),
    status: z.string(),
    usage: usage.optional(),
  }),
  z.strictObject({ type: z.literal('audio'), responseId: z.string(), itemId: z.string(), audio: base64 }),
  z.strictObject({
    type: z.literal('transcript'),
    speaker: z.enum(['caller', 'agent']),
    itemId: z.string(),
    text: z.string(),
    final: z.boolean(),
  }),
  z.strictObject({ type: z.literal('tool-call'), toolCallId: z.string(), name: z.string(), args: z.string() }),
  z.strictObject({ type: z.literal('lost'), error }),
  z.strictObject({ type: z.enum(['restored', 'renewed']), provider: z.string() }),
  z.strictObject({ type: z.literal('closed'), error: error.optional() }),
])

const sessionDeed = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['begin-turn', 'end-turn', 'drop-turn', 'cancel', 'dispose']) }),
  z.strictObject({
    type: z.literal('respond'),
    instructions: z.string().optional(),
    unless: z.literal('answered').optional(),
  }),
  z.strictObject({ type: z.literal('note'), text: z.string() }),
  z.strictObject({ type: z.literal('truncate'), itemId: z.string(), heardMs: ms, heardText: z.string() }),
  z.strictObject({ type: z.literal('answer-tool'), toolCallId: z.string(), output: z.string() }),
])

const facts = z.strictObject({
  provider: z.string(),
  inputFormat: format,
  outputFormat: format,
  turnsBy: z.enum(['model', 'caller']),
  takesNotes: z.boolean(),
})

/** As `CallCommand` of the heart. */
export const operatorCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['hang-up', 'take-over', 'hand-back']) }),
  z.strictObject({ type: z.literal('whisper'), text: z.string() }),
  z.strictObject({ type: z.literal('transfer'), destination: z.string(), number: z.string() }),
]) satisfies z.ZodType<CallCommand>

const session = z.number().int().nonnegative()

/** Each further line. */
export const flightLine = z.discriminatedUnion('type', [
  z.strictObject({ atMs: ms, type: z.literal('leg-event'), event: legEvent }),
  z.strictObject({ atMs: ms, type: z.literal('leg-deed'), deed: legDeed }),
  z.strictObject({ atMs: ms, type: z.literal('session-opened'), session, facts }),
  z.strictObject({ atMs: ms, type: z.literal('session-event'), session, event: sessionEvent }),
  z.strictObject({ atMs: ms, type: z.literal('session-deed'), session, deed: sessionDeed }),
  /** An operator's part; flights from before it was kept have none, and no more of it than the `operator` events. */
  z.strictObject({ atMs: ms, type: z.literal('operator-command'), command: operatorCommand }),
  z.strictObject({ atMs: ms, type: z.literal('operator-voice'), audio: base64 }),
  z.strictObject({ atMs: ms, type: z.literal('heard'), audio: base64 }),
  // The vocabulary of events grows, and old flights stay readable: what is compared of them is looked at there.
  z.strictObject({ atMs: ms, type: z.literal('happened'), event: z.looseObject({ atMs: ms, type: z.string() }) }),
  /** The record may not grow any more: what came then is not in it. */
  z.strictObject({ atMs: ms, type: z.literal('full') }),
])

export type FlightLine = z.infer<typeof flightLine>

/** The line of something that crossed a wire: sound as base64, errors as their message and code. */
export function lineOf(what: Tapped): string {
  const atMs = Math.round(what.atMs * 100) / 100
  switch (what.type) {
    // The one that comes 50 times a second all the time is put together by hand: half of the time of the general way.
    case 'leg-event': {
      const { event } = what
      if (event.type !== 'audio') break
      return `{"atMs":${atMs},"type":"leg-event","event":{"type":"audio","audio":"${textOf(event.audio)}","atMs":${event.atMs}}}\n`
    }
    case 'heard':
    case 'operator-voice':
      return `{"atMs":${atMs},"type":"${what.type}","audio":"${textOf(what.audio)}"}\n`
    case 'leg-deed':
      if (what.deed.type !== 'play') break
      return `{"atMs":${atMs},"type":"leg-deed","deed":{"type":"play","audio":"${textOf(what.deed.audio)}"}}\n`
    case 'session-event':
      if (what.event.type !== 'audio') break
      return `${JSON.stringify({ ...what, atMs, event: { ...what.event, audio: textOf(what.event.audio) } })}\n`
  }
  return `${JSON.stringify({ ...what, atMs }, plain)}\n`
}

/** Bytes as base64. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function plain(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return { message: value.message, ...('code' in value ? { code: String(value.code) } : {}) }
}
