import { decimatorTaps } from './filters.ts'
import type { Kernel } from './kernel.ts'
import { toSample } from './pcm.ts'

// The middle tap meets its sample from both sides.
const taps = Float64Array.from(decimatorTaps, (tap, k) => (k === 0 ? tap / 2 : tap))
const reach = taps.length - 1

/** 24 to 8 kHz: every third output of a symmetric low-pass. 2.75 ms of delay. */
export const decimator: Kernel = {
  up: 1,
  down: 3,
  past: 2 * reach,
  run(samples, position, output, count) {
    const middle = position + reach
    let i = 0
    for (; i + 4 <= count; i += 4) fourAt(samples, middle + 3 * i, output, i)
    for (; i < count; i++) output[i] = toSample(oneAt(samples, middle + 3 * i))
  },
}

/**
 * Four outputs at once: one alone waits for each of its additions (420 us per second of sound instead of 260). Folded,
 * which saves half of the multiplications. The strides are literal, because V8 checks those it does not know.
 */
function fourAt(samples: Float64Array, middle: number, output: Int16Array, at: number): void {
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  for (let k = 0; k < taps.length; k++) {
    const tap = taps[k] ?? 0
    const l = middle - k
    const r = middle + k
    sum0 += tap * ((samples[l] ?? 0) + (samples[r] ?? 0))
    sum1 += tap * ((samples[l + 3] ?? 0) + (samples[r + 3] ?? 0))
    sum2 += tap * ((samples[l + 6] ?? 0) + (samples[r + 6] ?? 0))
    sum3 += tap * ((samples[l + 9] ?? 0) + (samples[r + 9] ?? 0))
  }
  output[at] = toSample(sum0)
  output[at + 1] = toSample(sum1)
  output[at + 2] = toSample(sum2)
  output[at + 3] = toSample(sum3)
}

/** In the same order as `fourAt`, so that it is the same to the bit. */
function oneAt(samples: Float64Array, middle: number): number {
  let sum = 0
  for (let k = 0; k < taps.length; k++) {
    sum += (taps[k] ?? 0) * ((samples[middle - k] ?? 0) + (samples[middle + k] ?? 0))
  }
  return sum
}
