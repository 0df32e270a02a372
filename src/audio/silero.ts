import { makeSpectrum, SPECTRUM_SAMPLES } from './fourier.ts'
import type { Layer, SileroWeights } from './silero-weights.ts'

/**
 * Silero VAD v5 at 16 kHz, in plain TypeScript: how likely is it that somebody speaks in these 32 ms?
 *
 * ```
 *   64 old + 512 new + 64 mirrored samples ─▶ 4 spectra of 129 ─▶ conv 128 x 4 ─▶ conv 64 x 2 ─▶ conv 64 ─▶ conv 128
 *       ─▶ LSTM 128 ─▶ weighted sum ─▶ sigmoid ─▶ probability
 * ```
 * Over 227 s of telephone speech it differs from the same network under onnxruntime by 1.3e-5 at most, and it costs
 * 9 ms of one core for a second of sound.
 */
export interface Silero {
  /** Probability of speech (0..1) in the next window. @param window 512 samples at 16 kHz, full scale 1. */
  next(window: Float32Array): number
  /** Forgets what was heard. */
  reset(): void
  /** A copy of what it remembers now. */
  state(): SileroState
  /** Goes on as if it had heard what made this state. */
  restore(state: SileroState): void
}

/** What the network carries from window to window. */
export interface SileroState {
  readonly sound: Float32Array
  readonly hidden: Float32Array
  readonly cell: Float32Array
}

/** Samples of one window: 32 ms at 16 kHz. */
export const WINDOW_SAMPLES = 512

const CONTEXT = 64
const HOP = 128
const FRAMES = 4
const BINS = SPECTRUM_SAMPLES / 2 + 1
const UNITS = 128

/** One caller's ear. */
export function makeSilero(weights: SileroWeights): Silero {
  return new SileroNetwork(weights)
}

class SileroNetwork implements Silero {
  readonly #weights: SileroWeights
  readonly #spectrum = makeSpectrum()
  readonly #sound = new Float32Array(CONTEXT + WINDOW_SAMPLES + CONTEXT)
  // Each conv's input lies [frame][channel][tap], as the weights of one output are read.
  readonly #magnitudes = new Float32Array(FRAMES * BINS)
  readonly #conv1In = new Float32Array(FRAMES * BINS * 3)
  readonly #conv1Out = new Float32Array(FRAMES * 128)
  readonly #conv2In = new Float32Array(2 * 128 * 3)
  readonly #conv2Out = new Float32Array(2 * 64)
  readonly #conv3In = new Float32Array(64 * 2)
  readonly #conv3Out = new Float32Array(64)
  readonly #lstmIn = new Float32Array(2 * UNITS)
  readonly #gates = new Float32Array(4 * UNITS)
  readonly #cell = new Float32Array(UNITS)

  constructor(weights: SileroWeights) {
    this.#weights = weights
  }

  next(window: Float32Array): number {
    if (window.length !== WINDOW_SAMPLES)
      throw new RangeError(`expected ${WINDOW_SAMPLES} samples, got ${window.length}`)
    const { conv1, conv2, conv3, conv4 } = this.#weights
    this.#listen(window)
    spread(this.#magnitudes, FRAMES, BINS, this.#conv1In, { first: 0, stride: 1, taps: 3 })
    dense(conv1, this.#conv1In, this.#conv1Out)
    spread(this.#conv1Out, FRAMES, 128, this.#conv2In, { first: 0, stride: 2, taps: 3 })
    dense(conv2, this.#conv2In, this.#conv2Out)
    spread(this.#conv2Out, 2, 64, this.#conv3In, { first: 1, stride: 2, taps: 2 })
    dense(conv3, this.#conv3In, this.#conv3Out)
    dense(conv4, this.#conv3Out, this.#lstmIn)
    return this.#remember()
  }

  reset(): void {
    this.#sound.fill(0)
    this.#lstmIn.fill(0)
    this.#cell.fill(0)
  }

  state(): SileroState {
    return { sound: this.#sound.slice(), hidden: this.#lstmIn.slice(UNITS), cell: this.#cell.slice() }
  }

  restore({ sound, hidden, cell }: SileroState): void {
    this.#sound.set(sound)
    this.#lstmIn.set(hidden, UNITS)
    this.#cell.set(cell)
  }

  /** The window with its past before it and its end mirrored behind it, as four spectra. */
  #listen(window: Float32Array): void {
    const sound = this.#sound
    sound.copyWithin(0, WINDOW_SAMPLES, WINDOW_SAMPLES + CONTEXT)
    sound.set(window, CONTEXT)
    const last = CONTEXT + WINDOW_SAMPLES - 1
    for (let i = 1; i <= CONTEXT; i++) sound[last + i] = sound[last - i] as number
    for (let frame = 0; frame < FRAMES; frame++) {
      this.#spectrum.take(sound, frame * HOP, this.#magnitudes, frame * BINS)
    }
  }

  /** The LSTM's step, and what is read from its new state. */
  #remember(): number {
    const { lstm, output } = this.#weights
    const gates = this.#gates
    product(lstm, this.#lstmIn, 0, gates, 0)
    let sum = output.bias[0] as number
    for (let unit = 0; unit < UNITS; unit++) {
      const input = sigmoid(gates[unit] as number)
      const forget = sigmoid(gates[UNITS + unit] as number)
      const candidate = Math.tanh(gates[2 * UNITS + unit] as number)
      const cell = forget * (this.#cell[unit] as number) + input * candidate
      const hidden = sigmoid(gates[3 * UNITS + unit] as number) * Math.tanh(cell)
      this.#cell[unit] = cell
      this.#lstmIn[UNITS + unit] = hidden
      if (hidden > 0) sum += hidden * (output.weights[unit] as number)
    }
    return sigmoid(sum)
  }
}

/** Where a convolution of kernel 3 and padding 1 looks: taps `first`.. of each output, whose frames are `stride` apart. */
interface Taps {
  readonly first: number
  readonly stride: number
  readonly taps: number
}

/** Copies [frame][channel] to [output frame][channel][tap]; frames outside are silence. */
function spread(input: Float32Array, frames: number, channels: number, out: Float32Array, at: Taps): void {
  const { first, stride, taps } = at
  const outputs = out.length / (channels * taps)
  for (let output = 0; output < outputs; output++) {
    for (let tap = 0; tap < taps; tap++) {
      const frame = output * stride + first + tap - 1
      let to = output * channels * taps + tap
      if (frame < 0 || frame >= frames) {
        for (let channel = 0; channel < channels; channel++, to += taps) out[to] = 0
      } else {
        const from = frame * channels
        for (let channel = 0; channel < channels; channel++, to += taps) out[to] = input[from + channel] as number
      }
    }
  }
}

/** A layer with ReLU, for as many frames as `input` has; `out` may be longer. */
function dense(layer: Layer, input: Float32Array, out: Float32Array): void {
  const frames = input.length / layer.columns
  for (let frame = 0; frame < frames; frame++) product(layer, input, frame * layer.columns, out, frame * layer.rows)
  const count = frames * layer.rows
  for (let i = 0; i < count; i++) if ((out[i] as number) < 0) out[i] = 0
}

/** Four rows at a time, so that an input is loaded once for four products: 3 times as fast as row by row. */
function product(layer: Layer, input: Float32Array, from: number, out: Float32Array, to: number): void {
  const { rows, columns, weights, bias } = layer
  for (let row = 0; row < rows; row += 4) {
    const row0 = row * columns
    const row1 = row0 + columns
    const row2 = row1 + columns
    const row3 = row2 + columns
    let sum0 = bias[row] as number
    let sum1 = bias[row + 1] as number
    let sum2 = bias[row + 2] as number
    let sum3 = bias[row + 3] as number
    for (let i = 0; i < columns; i++) {
      const x = input[from + i] as number
      sum0 += x * (weights[row0 + i] as number)
      sum1 += x * (weights[row1 + i] as number)
      sum2 += x * (weights[row2 + i] as number)
      sum3 += x * (weights[row3 + i] as number)
    }
    out[to + row] = sum0
    out[to + row + 1] = sum1
    out[to + row + 2] = sum2
    out[to + row + 3] = sum3
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
