import { type Kernel, makeKernel } from './kernel.ts'

/** New samples that are worked on at a time: 20 ms at 24 kHz. Longer pushes go through in such blocks. */
const BLOCK = 480

/**
 * Streaming rate conversion: the last inputs are kept, so the next push goes on where this one ended.
 *
 * ```
 *   samples   [ past … | new, at most a block … ]
 *                  ▲                  │            take(count): outputs that can be known, then the window moves on
 *                  └──────────────────┘
 * ```
 * Any split of the input gives the same output.
 */
export class Resampler {
  readonly #kernel: Kernel
  readonly #past: number
  readonly #samples: Float64Array
  readonly #output: Int16Array
  /** Position of the next output after the first input of the coming block, in the kernel's steps. */
  #position = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#past = kernel.past
    this.#samples = new Float64Array(kernel.past + BLOCK)
    this.#output = new Int16Array(Math.ceil((BLOCK * kernel.up) / kernel.down))
  }

  /** Where a decoder puts up to `block` new samples, from index `past` on. */
  get samples(): Float64Array {
    return this.#samples
  }

  get past(): number {
    return this.#past
  }

  get block(): number {
    return BLOCK
  }

  /** What `take` wrote last; it writes there again. */
  get output(): Int16Array {
    return this.#output
  }

  /** How many outputs the next `count` inputs make. */
  outputsOf(count: number): number {
    return Math.max(0, Math.ceil((count * this.#kernel.up - this.#position) / this.#kernel.down))
  }

  /** Takes the `count` samples that stand behind the past; returns how many outputs they made. */
  take(count: number): number {
    const made = this.outputsOf(count)
    const { up, down } = this.#kernel
    this.#kernel.run(this.#samples, this.#position, this.#output, made)
    this.#position += made * down - count * up
    this.#samples.copyWithin(0, count, count + this.#past)
    return made
  }

  /** Samples in, samples out: the form for sound that is samples already. Saturates, never wraps. */
  push(samples: Int16Array): Int16Array {
    const output = new Int16Array(this.outputsOf(samples.length))
    let at = 0
    for (let from = 0; from < samples.length; from += BLOCK) {
      const count = Math.min(BLOCK, samples.length - from)
      for (let i = 0; i < count; i++) this.#samples[this.#past + i] = samples[from + i] ?? 0
      const made = this.take(count)
      output.set(this.#output.subarray(0, made), at)
      at += made
    }
    return output
  }

  /** Forgets all sound: the next push starts from silence. */
  reset(): void {
    this.#samples.fill(0)
    this.#position = 0
  }
}

/** @throws RangeError when a rate is not a positive whole number. */
export function makeResampler(fromHz: number, toHz: number): Resampler {
  for (const [name, hz] of Object.entries({ fromHz, toHz })) {
    if (!Number.isInteger(hz) || hz <= 0) throw new RangeError(`${name}: expected a rate in Hz, got ${hz}`)
  }
  return new Resampler(makeKernel(fromHz, toHz))
}
