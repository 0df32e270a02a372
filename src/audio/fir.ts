import { webAssembly } from '../base/web-assembly.ts'
import { firModule } from './fir-module.ts'

/** New samples that are worked on at a time: 20 ms at 24 kHz. */
export const BLOCK = 480
/** Samples and outputs that the workspace has room for. */
export const MAX_SAMPLES = 4096
export const MAX_OUTPUT = 8192

const SAMPLES_AT = 0
const OUTPUT_AT = 4 * MAX_SAMPLES
const INPUT_AT = OUTPUT_AT + 2 * MAX_OUTPUT
const TAPS_AT = INPUT_AT + 2 * BLOCK
const memory = new webAssembly.Memory({ initial: 1 })

/**
 * The bench on which every conversion of this thread is done, one after the other: samples in, outputs out.
 *
 * ```
 *   samples  [ past … | new, at most BLOCK … | what was there before, never heard ]
 *   output   [ … ]    written by the kernel, read at once
 * ```
 * Nothing is kept here between two pushes: that is the resampler's.
 */
export const workspace = {
  samples: new Float32Array(memory.buffer, SAMPLES_AT, MAX_SAMPLES),
  output: new Int16Array(memory.buffer, OUTPUT_AT, MAX_OUTPUT),
  /** PCM16 on its way to `samples`, by `widen`. WebAssembly is little-endian on every machine. */
  inputBytes: Buffer.from(memory.buffer, INPUT_AT, 2 * BLOCK),
  /** `output` as PCM16: the same memory. */
  outputBytes: Buffer.from(memory.buffer, OUTPUT_AT, 2 * MAX_OUTPUT),
}

/** Writes `count` outputs, output n being the sum of `taps[k] * samples[first + n * stride + k]`, from index `at` on. */
export type Fir = (first: number, stride: number, at: number, count: number) => void

interface Native {
  fir(samples: number, stride: number, taps: number, tapCount: number, output: number, count: number): void
  widen(source: number, target: number, count: number): void
}

const module = new webAssembly.Module(Buffer.from(firModule, 'base64'))
const { fir, widen } = new webAssembly.Instance(module, { env: { memory } }).exports as unknown as Native
let tapsEnd = TAPS_AT

/**
 * A filter with these taps, oldest sample first, in SIMD: a third of the time of the same in plain TypeScript. It works
 * on four outputs and four taps at once, so up to three outputs more than asked for are written; any output is summed in
 * the same order, wherever it stands. For filters that live as long as the process: their taps stay in its memory.
 */
export function makeFir(taps: readonly number[]): Fir {
  const tapCount = 4 * Math.ceil(taps.length / 4)
  const tapsAt = tapsEnd
  new Float32Array(memory.buffer, tapsAt, tapCount).set(taps)
  tapsEnd += 4 * tapCount
  return (first, stride, at, count) =>
    fir(SAMPLES_AT + 4 * first, stride, tapsAt, tapCount, OUTPUT_AT + 2 * at, 4 * Math.ceil(count / 4))
}

/** Puts the first `count` samples of `workspace.inputBytes` into `workspace.samples`, from index `at` on. */
export function widenInput(at: number, count: number): void {
  // It writes up to seven more than asked for, where nothing is that counts.
  widen(INPUT_AT, SAMPLES_AT + 4 * at, 8 * Math.ceil(count / 8))
}
