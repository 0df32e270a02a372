import { convertWhole } from '../audio/convert.ts'
import { readWav } from '../audio/wav.ts'
import type { Sound } from '../call/agent.ts'

const LINE_HZ = 8000

/**
 * A WAV file as agents play it: its first channel at 8 kHz.
 * @throws RangeError when it is no WAV that we read, empty, or longer than `maxS` [s].
 */
export function soundOf(file: Uint8Array, maxS: number): Sound {
  const { sampleRate, channels } = readWav(file)
  const samples = channels[0] ?? new Int16Array()
  if (samples.length === 0) throw new RangeError('WAV: expected sound, found none')
  if (sampleRate > 192_000) throw new RangeError(`WAV: expected at most 192000 Hz, got ${sampleRate}`)
  const lengthS = samples.length / sampleRate
  if (lengthS > maxS) throw new RangeError(`WAV: expected at most ${maxS} s, got ${lengthS.toFixed(1)} s`)
  return convertWhole(samples, sampleRate, LINE_HZ)
}
