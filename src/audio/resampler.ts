import { BLOCK, workspace } from './fir.ts'
import { type Kernel, makeKernel } from './kernel.ts'

/**
 * Streaming rate conversion: the last inputs are kept, so the next push goes on where this one ended.
 *
 * ```
 *   workspace   [ past … | new, at most a block … ]
 *                    ▲                  │           take(count): outputs that can be known, then the past moves on
 *                    └──────────────────┘
 * ```
 * Any split of the input gives the same output.
 */
export class Resampler {
  readonly #kernel: Kernel
  readonly #past: Float32Array
  /** Position of the next output after the first input of the coming block, in the kernel's steps. */
  #position = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#past = new Float32Array(kernel.past)
  }

  /** Index in `workspace.samples` from which on a decoder puts up to `BLOCK` new samples. */
  get past(): number {
    return this.#past.length
  }

  /** How many outputs the next `count` inputs make. */
  outputsOf(count: number): number {
    return Math.max(0, Math.ceil((count * this.#kernel.up - this.#position) / this.#kernel.down))
  }

  /** Takes the `count` samples that stand behind the past; returns how many outputs are in `workspace.output` now. */
  take(count: number): number {
    const made = this.outputsOf(count)
    const { up, down } = this.#kernel
    const past = this.#past
    const { samples } = workspace
    samples.set(past)
    this.#kernel.run(this.#position, made)
    this.#position += made * down - count * up
    for (let i = 0; i < past.length; i++) past[i] = samples[count + i] ?? 0
    return made
  }

  /** Samples in, samples out: the form for sound that is samples already. Saturates, never wraps. */
  push(samples: Int16Array): Int16Array {
    const output = new Int16Array(this.outputsOf(samples.length))
    let at = 0
    for (let from = 0; from < samples.length; from += BLOCK) {
      const count = Math.min(BLOCK, samples.length - from)
      workspace.samples.set(samples.subarray(from, from + count), this.past)
      const made = this.take(count)
      output.set(workspace.output.subarray(0, made), at)
      at += made
    }
    return output
  }

  /** Forgets all sound: the next push starts from silence. */
  reset(): void {
    this.#past.fill(0)
    this.#position = 0
  }
}

/** @throws RangeError when a rate is not a positive whole number, or the two are too far from each other. */
export function makeResampler(fromHz: number, toHz: number): Resampler {
  for (const [name, hz] of Object.entries({ fromHz, toHz })) {
    if (!Number.isInteger(hz) || hz <= 0) throw new RangeError(`${name}: expected a rate in Hz, got ${hz}`)
  }
  return new Resampler(makeKernel(fromHz, toHz))
}
