import { readFileSync } from 'node:fs'
import { convertWhole } from '../../../src/audio/convert.ts'
import { readWav } from '../../../src/audio/wav.ts'

const speech = readWav(readFileSync(new URL('../../../fixtures/audio/in-quale-cartella.wav', import.meta.url)))

/** Frames in one second. */
export const FRAMES = 50

/**
 * How many calls take turns, a frame each, as on a server. With only one, V8 compiles code for its very arrays, which is
 * up to a third faster than any second call would ever see.
 */
export const CALLS = 8

/** One second of real speech at the rate, in 20 ms frames. */
export function secondOfSpeech(sampleRate: number): Int16Array[] {
  const samples = convertWhole((speech.channels[0] ?? new Int16Array()).subarray(4000, 12_000), 8000, sampleRate)
  const size = sampleRate / FRAMES
  return Array.from({ length: FRAMES }, (_, i) => samples.slice(i * size, (i + 1) * size))
}

/** The frames joined, so many at a time. */
export function inBatches(frames: readonly Int16Array[], count: number): Int16Array[] {
  const batches: Int16Array[] = []
  for (let i = 0; i < frames.length; i += count) {
    batches.push(Int16Array.from(frames.slice(i, i + count).flatMap((frame) => [...frame])))
  }
  return batches
}
