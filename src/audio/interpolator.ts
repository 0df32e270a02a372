import { halfBandTaps } from './filters.ts'
import type { Kernel } from './kernel.ts'
import { toSample } from './pcm.ts'

const taps = Float64Array.from(halfBandTaps)
const reach = taps.length

/**
 * 8 to 16 kHz by a half-band low-pass: a sample midway between two inputs, then the later of the two as it is. 2.7 ms of
 * delay.
 */
export const interpolator: Kernel = {
  up: 2,
  down: 1,
  past: 2 * reach - 1,
  // Positions and counts are even: an input always makes both of its outputs.
  run(samples, position, output, count) {
    const later = position / 2 + reach
    const inputs = count / 2
    let i = 0
    for (; i + 4 <= inputs; i += 4) fourAt(samples, later + i, output, 2 * i)
    for (; i < inputs; i++) output[2 * i] = toSample(oneAt(samples, later + i))
    for (i = 0; i < inputs; i++) output[2 * i + 1] = samples[later + i] ?? 0
  },
}

/** Four of the samples midway at once, as in `decimator.ts`; every second output from `at` on. */
function fourAt(samples: Float64Array, later: number, output: Int16Array, at: number): void {
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  for (let k = 0; k < taps.length; k++) {
    const tap = taps[k] ?? 0
    const l = later - 1 - k
    const r = later + k
    sum0 += tap * ((samples[l] ?? 0) + (samples[r] ?? 0))
    sum1 += tap * ((samples[l + 1] ?? 0) + (samples[r + 1] ?? 0))
    sum2 += tap * ((samples[l + 2] ?? 0) + (samples[r + 2] ?? 0))
    sum3 += tap * ((samples[l + 3] ?? 0) + (samples[r + 3] ?? 0))
  }
  output[at] = toSample(sum0)
  output[at + 2] = toSample(sum1)
  output[at + 4] = toSample(sum2)
  output[at + 6] = toSample(sum3)
}

/** In the same order as `fourAt`, so that it is the same to the bit. */
function oneAt(samples: Float64Array, later: number): number {
  let sum = 0
  for (let k = 0; k < taps.length; k++) {
    sum += (taps[k] ?? 0) * ((samples[later - 1 - k] ?? 0) + (samples[later + k] ?? 0))
  }
  return sum
}
