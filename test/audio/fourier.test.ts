import fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeSpectrum, SPECTRUM_SAMPLES } from '../../src/audio/fourier.ts'

it('the spectrum is that of a Hann-windowed Fourier transform written out', () => {
  const spectrum = makeSpectrum()
  const sample = fc.float({ min: -1, max: 1, noNaN: true })
  const sounds = fc.array(sample, { minLength: SPECTRUM_SAMPLES, maxLength: SPECTRUM_SAMPLES })
  fc.assert(
    fc.property(sounds, (sound) => {
      const out = new Float32Array(129)
      spectrum.take(Float32Array.from(sound), 0, out, 0)
      for (const k of [0, 1, 2, 31, 64, 100, 127, 128]) expect(out[k]).toBeCloseTo(magnitude(sound, k), 4)
    }),
    { numRuns: 20 },
  )
})

function magnitude(sound: readonly number[], k: number): number {
  let re = 0
  let im = 0
  for (const [n, sample] of sound.entries()) {
    const windowed = sample * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / SPECTRUM_SAMPLES))
    re += windowed * Math.cos((2 * Math.PI * k * n) / SPECTRUM_SAMPLES)
    im += windowed * Math.sin((2 * Math.PI * k * n) / SPECTRUM_SAMPLES)
  }
  return Math.hypot(re, im)
}
