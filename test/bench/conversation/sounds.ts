import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { convertWhole } from '../../../src/audio/convert.ts'
import { mulaw8k, pcm24k } from '../../../src/audio/format.ts'
import { decodeMulaw, encodeMulaw } from '../../../src/audio/g711.ts'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import { makeTranscoder } from '../../../src/audio/transcoder.ts'
import { readWav } from '../../../src/audio/wav.ts'
import { frameLevels } from '../../../src/cli/measure.ts'

/** What the model says in one answer. */
export interface Answer {
  readonly words: string
  /** PCM16 24 kHz, as the model sends it. */
  readonly pcm: Uint8Array
  /** The same as a phone hears it when nobody interrupts: what it plays is a part of this. */
  readonly heard: Int16Array
}

const AUDIO = join(import.meta.dirname, '../../../fixtures/audio')

/** The first channel of a WAV file of the fixtures at 8 kHz. */
export async function readSound(file: string): Promise<Int16Array> {
  const { sampleRate, channels } = readWav(await readFile(join(AUDIO, file)))
  const samples = channels[0] ?? new Int16Array()
  return sampleRate === 8000 ? samples : convertWhole(samples, sampleRate, 8000)
}

/** An answer made of recordings, one after the other. */
export async function makeAnswer(files: readonly string[], words: string): Promise<Answer> {
  const parts = await Promise.all(files.map(readSound))
  const samples = Int16Array.from(parts.flatMap((part) => [...part]))
  const pcm = bytesOfSamples(convertWhole(samples, 8000, 24_000))
  return { words, pcm, heard: decodeMulaw(makeTranscoder(pcm24k, mulaw8k).push(pcm)) }
}

/** What a caller says, and where it begins and ends to be audible [ms]. */
export interface Words {
  readonly samples: Int16Array
  readonly fromMs: number
  readonly toMs: number
}

/** A recording with the span in which it is louder than -45 dBFS, to 20 ms. */
export async function readWords(file: string): Promise<Words> {
  const samples = await readSound(file)
  const loud = frameLevels(encodeMulaw(samples)).map((level) => level > -45)
  return { samples, fromMs: loud.indexOf(true) * 20, toMs: (loud.lastIndexOf(true) + 1) * 20 }
}
