import { z } from 'zod'
import type { AudioFormat } from '../../audio/format.ts'
import { bytesOfSamples } from '../../audio/pcm.ts'
import { tone } from '../../audio/tone.ts'
import { CallError, type ErrorCode } from '../../base/errors.ts'
import type { SessionEvent } from '../../call/provider.ts'

/** What a call does to its session, but for the sound it appends. `atMs` counts from the session's opening. */
export type Deed = { readonly atMs: number } & (
  | { readonly type: 'respond'; readonly instructions?: string; readonly unless?: 'answered' }
  | { readonly type: 'begin-turn' | 'end-turn' | 'drop-turn' }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'cancel' }
  | { readonly type: 'truncate'; readonly itemId: string; readonly heardMs: number; readonly heardText: string }
  | { readonly type: 'answer-tool'; readonly toolCallId: string; readonly output: string }
  | { readonly type: 'dispose' }
)

/** One line of a script: what the model tells, and when. */
export interface ScriptStep {
  /** [ms] from the session's opening; with `after`, from that deed. */
  readonly atMs: number
  /** Waits for the call to do this; never told when it does not. */
  readonly after?: Deed['type']
  /** Which one of these deeds, from 1 (default). */
  readonly nth?: number
  readonly event: SessionEvent
}

const tokens = z.number().int().nonnegative()
const usage = z.strictObject({
  inputTokens: tokens,
  outputTokens: tokens,
  inputAudioTokens: tokens,
  outputAudioTokens: tokens,
})

/** Sound in a file: a tone of `hz` (0: silence) for `ms`, or bytes. */
const sound = z.union([
  z.strictObject({ hz: z.number().nonnegative(), ms: z.number().positive(), dbfs: z.number().optional() }),
  z.strictObject({ base64: z.string() }),
])

const errorCodes = [
  'provider-refused',
  'provider-config',
  'provider-busy',
  'provider-timeout',
  'provider-lost',
  'provider-protocol',
] as const satisfies readonly ErrorCode[]

const event = z.discriminatedUnion('type', [
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
  z.strictObject({ type: z.literal('audio'), responseId: z.string(), itemId: z.string(), audio: sound }),
  z.strictObject({
    type: z.literal('transcript'),
    speaker: z.enum(['caller', 'agent']),
    itemId: z.string(),
    text: z.string(),
    final: z.boolean(),
  }),
  z.strictObject({ type: z.literal('tool-call'), toolCallId: z.string(), name: z.string(), args: z.string() }),
  z.strictObject({ type: z.literal('lost'), error: z.string() }),
  z.strictObject({ type: z.enum(['restored', 'renewed']), provider: z.string() }),
  z.strictObject({ type: z.literal('closed'), error: z.string().optional(), code: z.enum(errorCodes).optional() }),
])

const deedTypes = [
  'respond',
  'begin-turn',
  'end-turn',
  'drop-turn',
  'note',
  'cancel',
  'truncate',
  'answer-tool',
  'dispose',
] as const satisfies readonly Deed['type'][]

const steps = z.array(
  z.strictObject({
    atMs: z.number().nonnegative(),
    after: z.enum(deedTypes).optional(),
    nth: z.number().int().positive().optional(),
    event,
  }),
)

function soundOf(written: z.infer<typeof sound>, format: AudioFormat): Uint8Array {
  if ('base64' in written) return Buffer.from(written.base64, 'base64')
  if (written.hz === 0) return new Uint8Array(2 * Math.round((written.ms * format.sampleRate) / 1000))
  return bytesOfSamples(tone(written.hz, written.ms, format.sampleRate, written.dbfs))
}

function eventOf(written: z.infer<typeof event>, format: AudioFormat): SessionEvent {
  switch (written.type) {
    case 'audio':
      return { ...written, audio: soundOf(written.audio, format) }
    case 'lost':
      return { type: 'lost', error: new Error(written.error) }
    case 'closed':
      return { type: 'closed', ...(written.error === undefined ? {} : { error: errorOf(written.error, written.code) }) }
    case 'speech-started':
    case 'speech-stopped':
      return written.itemId === undefined ? { type: written.type } : { type: written.type, itemId: written.itemId }
    case 'response-ended': {
      const { usage: used, ...rest } = written
      return { ...rest, ...(used === undefined ? {} : { usage: used }) }
    }
    default:
      return written
  }
}

function errorOf(message: string, code: ErrorCode | undefined): Error {
  return code === undefined ? new Error(message) : new CallError(code, message)
}

/**
 * A script as it stands in a file: a JSON array of steps, with sound written as `{ "hz": 440, "ms": 200 }` or
 * `{ "base64": "…" }`, and errors as their message.
 * @param format the session's output format, PCM16, in which sound is made.
 * @throws RangeError with the path and the problem of everything that is wrong.
 */
export function readScript(json: unknown, format: AudioFormat): readonly ScriptStep[] {
  const read = steps.safeParse(json)
  if (!read.success) throw new RangeError(`not a script: ${z.prettifyError(read.error)}`)
  return read.data.map(({ atMs, after, nth, event: written }) => ({
    atMs,
    ...(after === undefined ? {} : { after }),
    ...(nth === undefined ? {} : { nth }),
    event: eventOf(written, format),
  }))
}
