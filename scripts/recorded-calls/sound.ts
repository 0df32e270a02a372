import { decodeMulaw } from '../../src/audio/g711.ts'
import { readSound } from '../../src/cli/replay/sounds.ts'
import type { Line, StreamDraft } from './draft.ts'

/** Samples of a millisecond. */
const PER_MS = 8
/** A quiet line [dBFS]. */
const FLOOR_DBFS = -65

/** The caller's whole side: a quiet line with speech in it, until the last of that. */
export function callerSide(lines: readonly Line[]): Int16Array {
  const length = Math.max(0, ...lines.map(({ atMs, file }) => atMs * PER_MS + readSound(file).length))
  const side = lineNoise(length)
  for (const { atMs, file } of lines) mixIn(side, readSound(file), atMs * PER_MS, 1)
  return side
}

/** The same with what the caller hears coming back into the microphone. @param heard mu-law, from the first moment on. */
export function withEcho(
  side: Int16Array,
  heard: Uint8Array,
  { levelDb, delayMs }: NonNullable<StreamDraft['echo']>,
): Int16Array {
  const sound = decodeMulaw(heard)
  const at = Math.round(delayMs * PER_MS)
  const both = new Int16Array(Math.max(side.length, sound.length + at))
  both.set(side)
  both.set(lineNoise(both.length).subarray(side.length), side.length)
  mixIn(both, sound, at, 10 ** (levelDb / 20))
  return both
}

function mixIn(side: Int16Array, sound: Int16Array, at: number, gain: number): void {
  for (const [i, sample] of sound.entries()) {
    const sum = Math.round((side[at + i] ?? 0) + sample * gain)
    side[at + i] = Math.max(-32_768, Math.min(32_767, sum))
  }
}

/** White, the same each time. */
function lineNoise(length: number): Int16Array {
  const peak = 32_768 * 10 ** (FLOOR_DBFS / 20) * Math.sqrt(3)
  let state = 20_261
  return Int16Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return Math.round((state / 2_147_483_647 - 0.5) * 2 * peak)
  })
}
