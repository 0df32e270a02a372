import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { mulaw8k, pcm24k } from '../../src/audio/format.ts'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { readWav } from '../../src/audio/wav.ts'
import type { Recording } from '../../src/carriers/recorded/leg.ts'
import { readScript, type ScriptStep } from '../../src/providers/scripted/script.ts'
import { withSounds } from './sounds.ts'
import { tool } from './tools.ts'

const ms = z.number().nonnegative()

/** Settings are those of an agent; what is left out is as a new installation has it, or off. */
const description = z.strictObject({
  about: z.string(),
  /** What makes the agent speak first: an instruction, or a file of fixtures/audio and the words in it. */
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
      /** A file of fixtures/audio. */
      filler: z.string(),
    })
    .partial()
    .default({}),
  tools: z.array(tool).default([]),
  turnsBy: z.enum(['model', 'caller']).default('model'),
  takesNotes: z.boolean().default(true),
  /** What came of each human that was dialled, in the carrier's words. */
  dialled: z.array(z.enum(['completed', 'answered', 'busy', 'no-answer', 'failed', 'canceled'])).default([]),
  /** A call has as many as its caller comes back. */
  streams: z
    .array(
      z.strictObject({
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
      }),
    )
    .nonempty(),
})

/** One folder of fixtures/audio/calls, but for what is expected. */
export interface RecordedCall {
  readonly description: z.infer<typeof description>
  readonly streams: readonly RecordedStream[]
}

export interface RecordedStream {
  readonly connectMs: number
  readonly untilMs: number
  readonly recording: Recording
  readonly script: readonly ScriptStep[]
}

/** `caller.wav`, and of the second stream `caller-2.wav`. @param index from 0. */
export function fileOf(name: string, index: number): string {
  return index === 0 ? name : name.replace('.', `-${index + 1}.`)
}

/** @throws RangeError saying what in the folder is wrong. */
export function readRecordedCall(folder: string): RecordedCall {
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const read = description.safeParse(json('call.json'))
  if (!read.success) throw new RangeError(`${folder}/call.json: ${z.prettifyError(read.error)}`)
  const streams = read.data.streams.map(({ connectMs, untilMs, callerEvents }, i) => {
    const audio = encodeMulaw(callerSound(join(folder, fileOf('caller.wav', i))))
    const recording = { callId: 'recorded', format: mulaw8k, audio, events: callerEvents }
    const script = readScript(withSounds(json(fileOf('session.json', i))), pcm24k)
    return { connectMs, untilMs, recording, script }
  })
  return { description: read.data, streams }
}

function callerSound(path: string): Int16Array {
  const { sampleRate, channels } = readWav(readFileSync(path))
  const [caller] = channels
  if (sampleRate !== 8000 || caller === undefined) throw new RangeError(`${path}: expected 8000 Hz, got ${sampleRate}`)
  return caller
}
