import { z } from 'zod'
import type { AudioFormat } from '../../audio/format.ts'
import { operatorCommand } from '../../store/flights/flight.ts'
import { tool } from './tools.ts'

const ms = z.number().nonnegative()

const format = z.strictObject({
  encoding: z.enum(['mulaw', 'alaw', 'pcm16']),
  sampleRate: z.union([z.literal(8000), z.literal(16_000), z.literal(24_000)]),
}) satisfies z.ZodType<AudioFormat>

const happened = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('transfer-failed'), destination: z.string(), how: z.string() }),
  z.strictObject({ type: z.enum(['digits-sent', 'line-broke']) }),
])

/** As `Utterance` of the heart. */
const utterance = z.discriminatedUnion('speaker', [
  z.strictObject({ speaker: z.literal('caller'), text: z.string() }),
  z.strictObject({ speaker: z.literal('agent'), heard: z.string(), unheard: z.string() }),
  z.strictObject({ speaker: z.literal('tool'), name: z.string(), output: z.string() }),
])

/** A session of the model's, as it was. */
const session = z.strictObject({
  provider: z.string(),
  /** When it was there [ms of the stream]. */
  openedMs: ms,
  turnsBy: z.enum(['model', 'caller']),
  takesNotes: z.boolean(),
  inputFormat: format,
  outputFormat: format,
  /** How many steps of `session.json` are its own, behind those of the sessions before it. */
  steps: z.number().int().nonnegative(),
})

const stream = z.strictObject({
  /** How long the model takes to be ready [ms]. */
  connectMs: ms.default(0),
  /** When the replay stops, if the stream has not ended [ms]. */
  untilMs: z.number().positive(),
  callerEvents: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ atMs: z.number(), type: z.literal('dtmf'), digit: z.string() }),
        z.strictObject({ atMs: z.number(), type: z.literal('closed'), by: z.enum(['caller', 'error']) }),
      ]),
    )
    .default([]),
  /** What an operator wanted of it; what they said is in `operator.wav`, and in `line.json` when. */
  operator: z.array(z.strictObject({ atMs: ms, command: operatorCommand })).optional(),
  /** When the first beat of the house came [ms]; default 20. */
  beatMs: z.number().positive().max(20).optional(),
  /** When the house stopped it [ms]. */
  stoppedMs: ms.optional(),
  /** Default: of one kind, one after each `closed` of `session.json`. */
  sessions: z.array(session).optional(),
  /** Why none could be had after those. */
  noneLeft: z
    .enum([
      'provider-refused',
      'provider-config',
      'provider-busy',
      'provider-timeout',
      'provider-lost',
      'provider-protocol',
    ])
    .optional(),
})

/** A `call.json`: settings are those of an agent; what is left out is as a new installation has it, or off. */
export const description = z.strictObject({
  about: z.string(),
  name: z.string().default('default'),
  instructions: z.string().default('Be kind.'),
  /** What makes the agent speak first: an instruction, or a file and the words in it. */
  greeting: z.string().optional(),
  greetingSound: z.strictObject({ wav: z.string(), words: z.string() }).optional(),
  bargeIn: z
    .strictObject({
      by: z.enum(['local+model', 'model', 'off']),
      confirmMs: ms,
      onDigits: z.boolean(),
      turnSilenceMs: ms,
    })
    .partial()
    .default({}),
  manners: z
    .strictObject({
      idlePromptMs: ms,
      idlePromptsMax: z.number().int(),
      maxCallMs: ms,
      warnMs: ms,
      fillerAfterMs: ms,
      /** Files of the call's folder, or else of fixtures/audio. */
      filler: z.string(),
      hold: z.string(),
    })
    .partial()
    .default({}),
  leadMs: ms.default(300),
  connectMs: ms.default(10_000),
  providers: z
    .array(z.strictObject({ name: z.string(), sessionMs: ms.optional() }))
    .nonempty()
    .default([{ name: 'scripted' }]),
  tools: z.array(tool).default([]),
  turnsBy: z.enum(['model', 'caller']).default('model'),
  takesNotes: z.boolean().default(true),
  callId: z.string().default('recorded'),
  from: z.string().default('+15550001'),
  to: z.string().default('+15550002'),
  /** How the line codes sound. */
  line: z.enum(['mulaw', 'alaw']).default('mulaw'),
  /** The first stream is one of a caller who is back. */
  resumed: z.strictObject({ happened, spentMs: ms, said: z.array(utterance) }).optional(),
  /** What came of each human that was dialled, in the carrier's words. */
  dialled: z.array(z.enum(['completed', 'answered', 'busy', 'no-answer', 'failed', 'canceled'])).default([]),
  /** A call has as many as its caller comes back. */
  streams: z.array(stream).nonempty(),
})

export type Description = z.infer<typeof description>
export type StreamDescription = z.infer<typeof stream>

const arrivals = z.array(z.tuple([z.number(), z.number().int().positive()]))

/**
 * How a line behaved: when the caller's pieces came, [ms, bytes] each, how long marks were on their way back [ms], and when
 * the pieces of `operator.wav` came.
 */
export const lineFile = z.strictObject({
  arrivals,
  echoMs: z.number().nonnegative(),
  operator: arrivals.default([]),
})
