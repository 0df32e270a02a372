import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type AudioFormat, mulaw8k, pcm16k, pcm24k } from '../../audio/format.ts'
import { encodeAlaw, encodeMulaw } from '../../audio/g711.ts'
import { readWav } from '../../audio/wav.ts'
import type { Sound } from '../../call/agent.ts'
import type { SessionFacts } from '../../call/tap.ts'
import type { Recording } from '../../carriers/recorded/leg.ts'
import { readScript, type ScriptStep } from '../../providers/scripted/script.ts'
import { type Description, description, lineFile, type StreamDescription } from './description.ts'
import { actsOf, type OperatorAct } from './operator-acts.ts'
import { readSound, withSounds } from './sounds.ts'

/** One call that can be replayed: a folder of fixtures/audio/calls, but for what is expected, or a flight record. */
export interface RecordedCall {
  readonly description: Description
  readonly streams: readonly RecordedStream[]
  /** The agent's own sounds, by the names that the description gives them. */
  readonly sound: (name: string) => Sound
}

export interface RecordedStream {
  readonly settings: StreamDescription
  readonly recording: Recording
  readonly sessions: readonly RecordedSession[]
  /** What an operator did, in order of time; default: nobody reached into it. */
  readonly operator?: readonly OperatorAct[]
}

/** What a model told in one of its sessions. */
export interface RecordedSession {
  readonly facts: SessionFacts
  /** When it was there [ms of the stream]; `undefined`: so long after it was asked for as the stream's settings say. */
  readonly openedMs: number | undefined
  readonly script: readonly ScriptStep[]
}

/** A line that codes sound by this law. */
function formatOf(law: 'mulaw' | 'alaw'): AudioFormat {
  return { ...mulaw8k, encoding: law }
}

/** `caller.wav`, and of the second stream `caller-2.wav`. @param index from 0. */
export function fileOf(name: string, index: number): string {
  return index === 0 ? name : name.replace('.', `-${index + 1}.`)
}

/** @throws RangeError saying what in the folder is wrong. */
export function readRecordedCall(folder: string): RecordedCall {
  const read = description.safeParse(jsonOf(folder, 'call.json'))
  if (!read.success) throw new RangeError(`${folder}/call.json: ${z.prettifyError(read.error)}`)
  const described = read.data
  const streams = described.streams.map((settings, i) => ({
    settings,
    ...readLine(folder, described, settings, i),
    sessions: readSessions(jsonOf(folder, fileOf('session.json', i)), described, settings),
  }))
  return { description: described, streams, sound: (name) => readSound(name, folder) }
}

function jsonOf(folder: string, name: string): unknown {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'))
}

function readLine(
  folder: string,
  { line, callId }: Description,
  settings: StreamDescription,
  i: number,
): { readonly recording: Recording; readonly operator: readonly OperatorAct[] } {
  const coded = (file: string) => {
    const sound = lineSound(join(folder, fileOf(file, i)))
    return line === 'alaw' ? encodeAlaw(sound) : encodeMulaw(sound)
  }
  const recording = { callId, format: formatOf(line), audio: coded('caller.wav'), events: settings.callerEvents }
  const name = fileOf('line.json', i)
  if (!existsSync(join(folder, name))) return { recording, operator: settings.operator ?? [] }
  const read = lineFile.safeParse(jsonOf(folder, name))
  if (!read.success) throw new RangeError(`${folder}/${name}: ${z.prettifyError(read.error)}`)
  const { arrivals, echoMs, operator } = read.data
  const voice = operator.length === 0 ? new Uint8Array(0) : coded('operator.wav')
  return {
    recording: { ...recording, arrivals: arrivals.map(([atMs, bytes]) => ({ atMs, bytes })), echoMs },
    operator: actsOf(settings.operator ?? [], voice, operator),
  }
}

function lineSound(path: string): Int16Array {
  const { sampleRate, channels } = readWav(readFileSync(path))
  const [sound] = channels
  if (sampleRate !== 8000 || sound === undefined) throw new RangeError(`${path}: expected 8000 Hz, got ${sampleRate}`)
  return sound
}

function readSessions(json: unknown, described: Description, settings: StreamDescription): readonly RecordedSession[] {
  const { turnsBy, takesNotes, providers } = described
  if (settings.sessions === undefined) {
    const plain = { provider: providers[0]?.name ?? '', inputFormat: pcm16k, outputFormat: pcm24k }
    const scripts = oneAfterEachClosed(readScript(withSounds(json), pcm24k))
    return scripts.map((script) => ({ facts: { ...plain, turnsBy, takesNotes }, openedMs: undefined, script }))
  }
  const lines = z.array(z.unknown()).parse(json)
  let from = 0
  return settings.sessions.map(({ openedMs, steps, ...facts }) => {
    const script = readScript(withSounds(lines.slice(from, from + steps)), facts.outputFormat)
    from += steps
    return { facts, openedMs, script }
  })
}

/** What stands behind a `closed` is said by the session that takes the place of the lost one, in its own time. */
function oneAfterEachClosed(script: readonly ScriptStep[]): readonly (readonly ScriptStep[])[] {
  const scripts: ScriptStep[][] = [[]]
  for (const step of script) {
    scripts.at(-1)?.push(step)
    if (step.event.type === 'closed') scripts.push([])
  }
  return scripts
}
