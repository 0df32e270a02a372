import { decimatorTaps, halfBandTaps } from './filters.ts'
import { BLOCK, MAX_OUTPUT, MAX_SAMPLES, makeFir, workspace } from './fir.ts'
import { toSample } from './pcm.ts'
import { windowedSinc } from './windowed-sinc.ts'

/**
 * The arithmetic of one rate conversion, without state: all calls share one kernel.
 *
 * ```
 *   workspace.samples   [ past … | new … ]         position 0 is the first new one, in steps of 1 / (up * input rate)
 *                                  ▲   ▲   ▲       outputs at every `down`-th position, into workspace.output
 * ```
 * An output depends on its position only, never on how the input was cut into pushes.
 */
export interface Kernel {
  readonly up: number
  readonly down: number
  /** Inputs before the newest one that an output looks at. */
  readonly past: number
  /** Makes `count` outputs, the first at `position`. */
  run(position: number, count: number): void
}

/**
 * The kernel for this ratio: the two of a call are tuned, any other is a windowed sinc of 3 ms.
 * @throws RangeError when the ratio is so steep that a block does not fit.
 */
export function makeKernel(fromHz: number, toHz: number): Kernel {
  if (fromHz === toHz) return through
  if (fromHz === 8000 && toHz === 16_000) return interpolator
  if (fromHz === 24_000 && toHz === 8000) return decimator
  return polyphase(fromHz, toHz)
}

const { samples, output } = workspace

const through: Kernel = {
  up: 1,
  down: 1,
  past: 0,
  run(position, count) {
    for (let i = 0; i < count; i++) output[i] = toSample(samples[position + i] ?? 0)
  },
}

const halfBand = makeFir([...halfBandTaps].reverse().concat(halfBandTaps))
const reach = halfBandTaps.length

/**
 * 8 to 16 kHz by a half-band low-pass: a sample midway between two inputs, then the later of the two as it is. 2.7 ms of
 * delay. Positions and counts are even: an input always makes both.
 */
const interpolator: Kernel = {
  up: 2,
  down: 1,
  past: 2 * reach - 1,
  run(position, count) {
    const first = position / 2
    const inputs = count / 2
    // Midway samples go where they do not stand in the way, then each to its place.
    halfBand(first, 1, count, inputs)
    for (let i = 0; i < inputs; i++) {
      output[2 * i] = output[count + i] ?? 0
      output[2 * i + 1] = samples[first + reach + i] ?? 0
    }
  },
}

const lowPass = makeFir([...decimatorTaps].reverse().concat(decimatorTaps.slice(1)))

/** 24 to 8 kHz: every third output of a low-pass. 2.75 ms of delay. */
const decimator: Kernel = {
  up: 1,
  down: 3,
  past: 2 * (decimatorTaps.length - 1),
  run: (position, count) => lowPass(position, 3, 0, count),
}

/** Any ratio: one low-pass at the common rate, of which each output takes the taps that meet an input. */
function polyphase(fromHz: number, toHz: number): Kernel {
  const divisor = greatestCommonDivisor(fromHz, toHz)
  const up = toHz / divisor
  const down = fromHz / divisor
  const phases = splitIntoPhases(windowedSinc(fromHz, toHz, fromHz * up), up)
  const past = (phases[0]?.length ?? 1) - 1
  if (past + BLOCK + 8 > MAX_SAMPLES || (BLOCK * up) / down + 1 > MAX_OUTPUT) {
    throw new RangeError(`${fromHz} to ${toHz} Hz: expected rates that are nearer to each other`)
  }
  return {
    up,
    down,
    past,
    run(position, count) {
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
