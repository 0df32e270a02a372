import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeAlaw, decodeMulaw } from '../../audio/g711.ts'
import { writeWav } from '../../audio/wav.ts'
import type { SessionEvent } from '../../call/provider.ts'
import type { ScriptStep } from '../../providers/scripted/script.ts'
import { replay, type StreamReplay } from './engine.ts'
import { commandsOf, voiceOf } from './operator-acts.ts'
import { fileOf, type RecordedCall, type RecordedStream, readRecordedCall } from './recorded-call.ts'

/** Fractions of a tenth of a millisecond are noise in a file that people read. */
const round = (ms: number) => Math.round(ms * 10) / 10

/**
 * Writes a call as a folder that `npm test` replays, with what comes of it today as what is expected.
 * @param folder is made; files of a call that are there already are written over.
 */
export async function saveCall(call: RecordedCall, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content)
  const { callId: _, streams: __, greetingSound, manners, ...rest } = call.description
  const streams = call.streams.map(({ settings, operator = [] }) => {
    const commands = commandsOf(operator)
    return commands.length === 0 ? settings : { ...settings, operator: commands }
  })
  await write('call.json', json({ ...rest, greetingSound, manners, streams }))
  const sounds = [greetingSound?.wav, manners.filler, manners.hold].filter((name) => name !== undefined)
  for (const name of sounds) await write(name, writeWav({ sampleRate: 8000, channels: [call.sound(name)] }))
  for (const [i, stream] of call.streams.entries()) await writeStream(stream, i, write)
  await writeExpected(folder)
}

/** Replays a folder and writes what comes of it as what is expected. */
export async function writeExpected(folder: string): Promise<void> {
  const { streams } = await replay(readRecordedCall(folder))
  const body = streams.map(streamJson).join(',\n')
  await writeFile(join(folder, 'expected.json'), `{ "streams": [\n${body}\n] }\n`)
}

type Write = (name: string, content: string | Uint8Array) => Promise<void>

async function writeStream(
  { recording, sessions, operator = [] }: RecordedStream,
  i: number,
  write: Write,
): Promise<void> {
  const { format, audio, arrivals = [], echoMs = 0 } = recording
  const decode = format.encoding === 'alaw' ? decodeAlaw : decodeMulaw
  const wav = (sound: Uint8Array) => writeWav({ sampleRate: 8000, channels: [decode(sound)] })
  await write(fileOf('caller.wav', i), wav(audio))
  await write(fileOf('session.json', i), `${jsonLines(sessions.flatMap(({ script }) => script.map(written)))}\n`)
  const rows = arrivals.map(({ atMs, bytes }) => [round(atMs), bytes])
  const voice = voiceOf(operator)
  if (voice.length > 0) await write(fileOf('operator.wav', i), wav(Buffer.concat(voice.map((piece) => piece.audio))))
  const spoken = voice.map(({ atMs, audio: { length } }) => [round(atMs), length])
  const operators = spoken.length === 0 ? '' : `,\n"operator": ${jsonRows(spoken)}`
  await write(fileOf('line.json', i), `{ "echoMs": ${round(echoMs)},\n"arrivals": ${jsonRows(rows)}${operators} }\n`)
}

/** A step as it stands in a script's file. */
function written({ event, atMs, ...when }: ScriptStep): unknown {
  return { atMs: round(atMs), ...when, event: plain(event) }
}

function plain(event: SessionEvent): unknown {
  switch (event.type) {
    case 'audio':
      return { ...event, audio: { base64: Buffer.from(event.audio).toString('base64') } }
    case 'lost':
      return { type: 'lost', error: event.error.message }
    case 'closed': {
      const { error } = event
      if (error === undefined) return event
      return { type: 'closed', error: error.message, ...('code' in error ? { code: error.code } : {}) }
    }
    default:
      return event
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, (_, field) => (typeof field === 'number' ? round(field) : field), 2)}\n`
}

/** One step a line: a script is read from top to bottom. */
export function jsonLines(steps: readonly unknown[]): string {
  return steps.length === 0 ? '[]' : `[\n${steps.map((step) => `  ${JSON.stringify(step)}`).join(',\n')}\n]`
}

/** Many small ones: a second of them a line. */
function jsonRows(rows: readonly unknown[]): string {
  const lines: string[] = []
  for (let i = 0; i < rows.length; i += 50)
    lines.push(
      rows
        .slice(i, i + 50)
        .map((row) => JSON.stringify(row))
        .join(','),
    )
  return `[\n${lines.join(',\n')}\n]`
}

function streamJson({ events, carrier, told, afterwards, ...rest }: StreamReplay): string {
  const lists = { events, carrier, told, afterwards }
  const fields = [
    ...Object.entries(rest).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`),
    ...Object.entries(lists).map(([name, list]) => `"${name}": ${jsonLines(list)}`),
  ]
  return `{\n${fields.join(',\n')}\n}`
}
