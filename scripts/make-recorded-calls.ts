/*
 * Makes fixtures/audio/calls/<name>/: the caller's sound from fixtures/audio, what the model said, and what came of it.
 *
 *   node scripts/make-recorded-calls.ts          look at the difference in expected.json before it is committed
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readWav, writeWav } from '../src/audio/wav.ts'
import { readRecordedCall, replay } from '../test/replay/recorded-call.ts'

const RATE = 8000
const audio = new URL('../fixtures/audio/', import.meta.url).pathname

interface Line {
  readonly atMs: number
  readonly file: string
}
interface CallDraft {
  readonly name: string
  readonly description: Record<string, unknown>
  readonly lines: readonly Line[]
  readonly session: readonly unknown[]
}

const speech = (file: string) => readWav(readFileSync(join(audio, `${file}.wav`))).channels[0] ?? new Int16Array()
const lengthMs = (file: string) => Math.round((speech(file).length * 1000) / RATE)

/** The caller's whole side: silence with speech in it. */
function callerSide(lines: readonly Line[]): Int16Array {
  const endMs = Math.max(...lines.map(({ atMs, file }) => atMs + lengthMs(file)))
  const side = new Int16Array((endMs * RATE) / 1000)
  for (const { atMs, file } of lines) side.set(speech(file).subarray(0, side.length - atMs * 8), atMs * 8)
  return side
}

/** A turn as the model hears it: 180 ms after speech begins, 500 ms after it ends; the transcript 120 ms later. */
function turn({ atMs, file }: Line, itemId: string, text: string): unknown[] {
  const stoppedMs = atMs + lengthMs(file) + 500
  return [
    { atMs: atMs + 380, event: { type: 'speech-started' } },
    { atMs: stoppedMs, event: { type: 'speech-stopped' } },
    { atMs: stoppedMs + 120, event: { type: 'transcript', speaker: 'caller', itemId, text, final: true } },
  ]
}

/** An answer: `ms` of sound in pieces of 200, sent `factor` times faster than it sounds; its words run ahead. */
function reply(atMs: number, id: string, text: string, ms: number, hz: number, factor = 4): unknown[] {
  const responseId = `resp_${id}`
  const itemId = `item_${id}`
  const pieces = Array.from({ length: Math.ceil(ms / 200) }, (_, i) => ({
    atMs: Math.round(atMs + 60 + (i * 200) / factor),
    event: { type: 'audio', responseId, itemId, audio: { hz, ms: Math.min(200, ms - i * 200), dbfs: -20 } },
  }))
  const doneMs = Math.round(atMs + 60 + (pieces.length * 200) / factor)
  const usage = {
    inputTokens: 210,
    outputTokens: 60,
    inputAudioTokens: 40,
    outputAudioTokens: Math.round((ms / 1000) * 12.5),
  }
  return [
    { atMs, event: { type: 'response-started', responseId } },
    ...pieces,
    { atMs: doneMs, event: { type: 'transcript', speaker: 'agent', itemId, text, final: true } },
    { atMs: doneMs + 10, event: { type: 'response-ended', responseId, status: 'completed', usage } },
  ]
}

/** What of an answer the model still sends after it was interrupted at `atMs`: two deltas, then its end. */
function cutReply(steps: readonly unknown[], atMs: number): unknown[] {
  const timed = steps as {
    readonly atMs: number
    readonly event: { readonly type: string; readonly responseId: string }
  }[]
  const late = timed.filter((step) => step.atMs >= atMs && step.event.type === 'audio').slice(0, 2)
  const before = timed.filter((step) => step.atMs < atMs)
  const responseId = before[0]?.event.responseId
  return [
    ...before,
    ...late.map((step, i) => ({ ...step, atMs: atMs + 15 + i * 5 })),
    { atMs: atMs + 40, event: { type: 'response-ended', responseId, status: 'cancelled' } },
  ]
}

const greeting = 'Say exactly: Good evening.'
const hello: Line = { atMs: 2000, file: 'hello-hours' }
const helloEndMs = hello.atMs + lengthMs(hello.file) + 500
const opening = [...reply(120, 'greeting', 'Good evening.', 900, 500), ...turn(hello, 'item_c1', 'Hello. Hours?')]
const hours = 'We are open from noon to ten, Tuesday to Sunday.'

function drafts(): CallDraft[] {
  const overMs = helloEndMs + 2200
  const over: Line = { atMs: overMs, file: 'location' }
  const noticedMs = overMs + 380
  const second = turn(over, 'item_c2', 'Location?')
  const secondReply = reply(overMs + lengthMs('location') + 900, 'b', 'At twelve Harbour Street.', 1800, 800)
  const afterBoth = overMs + lengthMs('location') + 900 + 2400
  return [
    {
      name: 'two-turns',
      description: {
        about: 'A greeting and two plain turns; everything is heard.',
        greeting,
        connectMs: 240,
        untilMs: 14_000,
        callerEvents: [{ atMs: 12_000, type: 'closed', by: 'caller' }],
      },
      lines: [hello, { atMs: 7500, file: 'thank-you-goodbye' }],
      session: [
        ...opening,
        ...reply(helloEndMs + 420, 'a', hours, 2600, 600),
        ...turn({ atMs: 7500, file: 'thank-you-goodbye' }, 'item_c2', 'Thank you, goodbye.'),
        ...reply(7500 + lengthMs('thank-you-goodbye') + 900, 'b', 'Goodbye.', 700, 700),
      ],
    },
    {
      name: 'barge-in-while-generating',
      description: {
        about: 'The caller speaks over an answer that the model is still generating; late deltas come.',
        greeting,
        untilMs: 20_000,
        callerEvents: [{ atMs: afterBoth, type: 'closed', by: 'caller' }],
      },
      lines: [hello, over],
      session: [
        ...opening,
        ...cutReply(reply(helloEndMs + 420, 'a', hours, 9000, 600, 1.1), noticedMs),
        ...second,
        ...secondReply,
      ],
    },
    {
      name: 'barge-in-on-buffered-tail',
      description: {
        about: 'The caller speaks over an answer that the model has long finished sending.',
        greeting,
        untilMs: 20_000,
        callerEvents: [{ atMs: afterBoth, type: 'closed', by: 'caller' }],
      },
      lines: [hello, over],
      session: [...opening, ...reply(helloEndMs + 420, 'a', hours, 9000, 600, 12), ...second, ...secondReply],
    },
    {
      name: 'hang-up-mid-answer',
      description: {
        about: 'The caller hangs up in the middle of an answer.',
        greeting,
        untilMs: 20_000,
        callerEvents: [{ atMs: helloEndMs + 1500, type: 'closed', by: 'caller' }],
      },
      lines: [hello],
      session: [...opening, ...reply(helloEndMs + 420, 'a', hours, 6000, 600)],
    },
    {
      name: 'model-lost',
      description: {
        about: 'The socket to the model breaks in the middle of an answer.',
        greeting,
        untilMs: 20_000,
        callerEvents: [],
      },
      lines: [hello],
      session: [
        ...opening,
        ...reply(helloEndMs + 420, 'a', hours, 6000, 600).slice(0, 8),
        { atMs: helloEndMs + 1100, event: { type: 'closed', error: 'the socket broke' } },
      ],
    },
  ]
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
/** One step a line: a script is read from top to bottom. */
const jsonLines = (steps: readonly unknown[]) =>
  `[\n${steps.map((step) => `  ${JSON.stringify(step)}`).join(',\n')}\n]\n`

for (const { name, description, lines, session } of drafts()) {
  const folder = join(audio, 'calls', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'call.json'), json(description))
  writeFileSync(join(folder, 'caller.wav'), writeWav({ sampleRate: RATE, channels: [callerSide(lines)] }))
  const inOrder = [...(session as { readonly atMs: number }[])].sort((a, b) => a.atMs - b.atMs)
  writeFileSync(join(folder, 'session.json'), jsonLines(inOrder))
  const { events, carrier, modelHeardMs } = await replay(readRecordedCall(folder))
  const body = `{\n"events": ${jsonLines(events).trimEnd()},\n"carrier": ${jsonLines(carrier).trimEnd()},\n"modelHeardMs": ${modelHeardMs}\n}\n`
  writeFileSync(join(folder, 'expected.json'), body)
}
