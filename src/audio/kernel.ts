import { decimator } from './decimator.ts'
import { interpolator } from './interpolator.ts'
import { toSample } from './pcm.ts'
import { windowedSinc } from './windowed-sinc.ts'

/**
 * The arithmetic of one rate conversion, without state: all calls share one kernel.
 *
 * ```
 *   samples   [ past … | new … ]         position 0 is the first new one, in steps of 1 / (up * input rate)
 *                        ▲   ▲   ▲       outputs at every `down`-th position
 * ```
 * An output depends on its position only, never on how the input was cut into pushes.
 */
export interface Kernel {
  readonly up: number
  readonly down: number
  /** Inputs before the newest one that an output looks at. */
  readonly past: number
  /** Writes `count` outputs to `output`, the first at `position`. */
  run(samples: Float64Array, position: number, output: Int16Array, count: number): void
}

/** The kernel for this ratio: the two of a call are tuned, any other is a windowed sinc of 3 ms. */
export function makeKernel(fromHz: number, toHz: number): Kernel {
  if (fromHz === toHz) return through
  if (fromHz === 8000 && toHz === 16_000) return interpolator
  if (fromHz === 24_000 && toHz === 8000) return decimator
  return polyphase(fromHz, toHz)
}

const through: Kernel = {
  up: 1,
  down: 1,
  past: 0,
  run(samples, position, output, count) {
    for (let i = 0; i < count; i++) output[i] = toSample(samples[position + i] ?? 0)
  },
}

/** Any ratio: one low-pass at the common rate, of which each output takes the taps that meet an input. */
function polyphase(fromHz: number, toHz: number): Kernel {
  const divisor = greatestCommonDivisor(fromHz, toHz)
  const up = toHz / divisor
  const down = fromHz / divisor
  const phases = splitIntoPhases(windowedSinc(fromHz, toHz, fromHz * up), up)
  return {
    up,
    down,
    past: (phases[0]?.length ?? 1) - 1,
    run(samples, position, output, count) {
      for (let i = 0; i < count; i++) {
        const at = position + i * down
        const taps = phases[at % up] ?? noTaps
        const first = Math.floor(at / up)
        let sum = 0
        for (let k = 0; k < taps.length; k++) sum += (taps[k] ?? 0) * (samples[first + k] ?? 0)
        output[i] = toSample(sum)
      }
    },
  }
}

const noTaps = new Float64Array()

/** Phase p holds taps p, p + up, …, newest input last: the sum then runs forward through the samples. */
function splitIntoPhases(taps: Float64Array, up: number): Float64Array[] {
  const span = Math.ceil(taps.length / up)
  return Array.from({ length: up }, (_, phase) =>
    Float64Array.from({ length: span }, (_, k) => taps[phase + (span - 1 - k) * up] ?? 0),
  )
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
