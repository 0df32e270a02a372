import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertWhole } from '../../audio/convert.ts'
import { bytesOfSamples } from '../../audio/pcm.ts'
import { readWav } from '../../audio/wav.ts'

const audio = new URL('../../../fixtures/audio/', import.meta.url).pathname
const known = new Map<string, Uint8Array>()

/** A file of a call's folder, or else of fixtures/audio: PCM at 8 kHz. @throws RangeError when it has another rate. */
export function readSound(file: string, folder = audio): Int16Array {
  const own = join(folder, file)
  const { sampleRate, channels } = readWav(readFileSync(existsSync(own) ? own : join(audio, file)))
  const [samples] = channels
  if (sampleRate !== 8000 || samples === undefined) throw new RangeError(`${file}: expected 8000 Hz, got ${sampleRate}`)
  return samples
}

/**
 * A script as it lies in a folder, with the sound that it takes from a file of fixtures/audio, `{ "wav": "hello.wav",
 * "fromMs": 0, "ms": 200 }`, put into it as bytes of PCM16 at 24 kHz.
 */
export function withSounds(script: unknown): unknown {
  const text = JSON.stringify(script)
  return JSON.parse(text, (_, value: unknown) => (isPiece(value) ? { base64: bytesOf(value) } : value))
}

interface Piece {
  readonly wav: string
  readonly fromMs: number
  readonly ms: number
}

function isPiece(value: unknown): value is Piece {
  return typeof value === 'object' && value !== null && 'wav' in value && 'fromMs' in value && 'ms' in value
}

function bytesOf({ wav, fromMs, ms }: Piece): string {
  const whole = known.get(wav) ?? bytesOfSamples(convertWhole(readSound(wav), 8000, 24_000))
  known.set(wav, whole)
  return Buffer.from(whole.subarray(fromMs * 48, (fromMs + ms) * 48)).toString('base64')
}
