import { type Band, lowPass } from './low-pass.ts'

/** [Hz] */
export const LINE_RATE = 8000
/** The telephone's band: what a microphone hears above it would fold into it. */
const INTO_THE_LINE: Band = { passHz: 3400, stopHz: 4000 }
/** Of 3400 Hz the first image is at 4600. */
const OUT_OF_THE_LINE: Band = { passHz: 3400, stopHz: 4600 }

/** From the rate of a sound card to the line's, within the telephone's band. */
export function toLine(rateHz: number): RateConverter {
  return new RateConverter(rateHz, LINE_RATE, INTO_THE_LINE)
}

/** From the line's rate to that of a sound card. */
export function fromLine(rateHz: number): RateConverter {
  return new RateConverter(LINE_RATE, rateHz, OUT_OF_THE_LINE)
}

/**
 * Converts between any two rates as it goes: any split of the input gives the same output.
 *
 * ```
 *   [ past … | input ]     outputs stand `down` steps apart, inputs `up` steps (44.1 to 8 kHz: 441 and 80)
 *              ▲     ▲     each is the sum of the last `span` inputs before it, weighted by the phase that it stands at
 * ```
 */
export class RateConverter {
  readonly #up: number
  readonly #down: number
  readonly #phases: readonly Float32Array[]
  readonly #past: number
  #samples: Float32Array
  /** Steps from the first input that comes to the next output. */
  #position = 0

  constructor(fromHz: number, toHz: number, band: Band) {
    const divisor = greatestCommonDivisor(fromHz, toHz)
    const up = toHz / divisor
    const taps = lowPass(band, fromHz * up)
    const span = Math.ceil(taps.length / up)
    this.#up = up
    this.#down = fromHz / divisor
    // Of phase p: taps p, p + up, …, for the newest input last.
    this.#phases = Array.from({ length: up }, (_, phase) =>
      Float32Array.from({ length: span }, (_, k) => up * (taps[phase + (span - 1 - k) * up] ?? 0)),
    )
    this.#past = span - 1
    this.#samples = new Float32Array(this.#past + 1024)
  }

  /** How many outputs the next `count` inputs make. */
  outputsOf(count: number): number {
    return Math.max(0, Math.ceil((count * this.#up - this.#position) / this.#down))
  }

  /** How many inputs it takes until there are at least `count` more outputs. */
  inputsFor(count: number): number {
    return count === 0 ? 0 : Math.floor((this.#position + (count - 1) * this.#down) / this.#up) + 1
  }

  /** @returns how many outputs were written to `output`, which has room for `outputsOf(input.length)`. */
  push(input: Float32Array, output: Float32Array): number {
    const made = this.outputsOf(input.length)
    const samples = this.#with(input)
    for (let i = 0; i < made; i++) {
      const at = this.#position + i * this.#down
      const taps = this.#phases[at % this.#up] ?? noTaps
      const first = Math.floor(at / this.#up)
      let sum = 0
      for (let k = 0; k < taps.length; k++) sum += (taps[k] ?? 0) * (samples[first + k] ?? 0)
      output[i] = sum
    }
    this.#position += made * this.#down - input.length * this.#up
    samples.copyWithin(0, input.length, input.length + this.#past)
    return made
  }

  #with(input: Float32Array): Float32Array {
    if (this.#samples.length < this.#past + input.length) {
      const longer = new Float32Array(this.#past + input.length)
      longer.set(this.#samples.subarray(0, this.#past))
      this.#samples = longer
    }
    this.#samples.set(input, this.#past)
    return this.#samples
  }
}

const noTaps = new Float32Array()

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
