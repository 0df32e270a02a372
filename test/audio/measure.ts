import { bandPower, LINE_HALF_WIDTH, linePower, type PowerSpectrum, powerSpectrum } from './spectrum.ts'

/**
 * What is measured: a rate conversion from silence, of a whole signal. It may feed what it measures in any pieces.
 *
 * ```
 *   tone, 0.2 dB below full scale ─▶ convert ─▶ │ 100 ms left out │ measured │ 100 ms left out │
 * ```
 * The ends are left out because filters settle there. Tones lie beside round frequencies where their rounding error
 * would otherwise repeat and pile up on a few lines.
 */
export interface Conversion {
  readonly fromHz: number
  readonly toHz: number
  convert(samples: Int16Array): Int16Array
}

/** Top of the telephone band [Hz]. */
export const TELEPHONE_TOP_HZ = 3400

const PEAK = 32_000
const SETTLE_S = 0.1
const STEP_HZ = 50

/** `seconds` of a sine at -0.2 dBFS; at 0 Hz a constant. `phase` [rad] at its first sample. */
function probe(hz: number, seconds: number, sampleRate: number, phase = 0): Int16Array {
  return Int16Array.from({ length: Math.round(seconds * sampleRate) }, (_, i) =>
    Math.round(PEAK * (hz === 0 ? 1 : Math.sin((2 * Math.PI * hz * i) / sampleRate + phase))),
  )
}

/** Without what is at both ends; positions count from the first sample of `samples`. */
function settled(samples: Int16Array, sampleRate: number): { from: number; to: number } {
  const margin = Math.round(SETTLE_S * sampleRate)
  return { from: margin, to: samples.length - margin }
}

/** A sine laid through samples by least squares. */
interface Fit {
  readonly amplitude: number
  /** [rad] at sample 0, whatever part was fitted. */
  readonly phase: number
  /** Mean square of what is left. */
  readonly residual: number
}

function fitSine(samples: Int16Array, hz: number, sampleRate: number): Fit {
  const { from, to } = settled(samples, sampleRate)
  const w = (2 * Math.PI * hz) / sampleRate
  let [ss, sc, cc, xs, xc] = [0, 0, 0, 0, 0]
  for (let i = from; i < to; i++) {
    const [s, c, x] = [Math.sin(w * i), Math.cos(w * i), samples[i] ?? 0]
    ss += s * s
    sc += s * c
    cc += c * c
    xs += x * s
    xc += x * c
  }
  const det = ss * cc - sc * sc
  const a = (xs * cc - xc * sc) / det
  const b = (xc * ss - xs * sc) / det
  let residual = 0
  for (let i = from; i < to; i++) residual += ((samples[i] ?? 0) - a * Math.sin(w * i) - b * Math.cos(w * i)) ** 2
  return { amplitude: Math.hypot(a, b), phase: Math.atan2(b, a), residual: residual / (to - from) }
}

/** Mean square, of the settled part. */
function meanSquare(samples: Int16Array, sampleRate: number): number {
  const { from, to } = settled(samples, sampleRate)
  let sum = 0
  for (let i = from; i < to; i++) sum += (samples[i] ?? 0) ** 2
  return sum / (to - from)
}

const db = (powerRatio: number) => 10 * Math.log10(powerRatio)

/** Gain [dB] for a tone of `hz`: amplitude of the sine fitted to the output over that fitted to the input. At 0 Hz, means. */
export function gainDb({ fromHz, toHz, convert }: Conversion, hz: number): number {
  const input = probe(hz, 0.4, fromHz)
  const output = convert(input)
  if (hz > 0) return 2 * db(fitSine(output, hz, toHz).amplitude / fitSine(input, hz, fromHz).amplitude)
  const { from, to } = settled(output, toHz)
  const sum = output.subarray(from, to).reduce((total, sample) => total + sample, 0)
  return 2 * db(Math.abs(sum) / (to - from) / PEAK)
}

/** Lowest and highest gain [dB] at 0, 50, … 3400 Hz. */
export function passband(conversion: Conversion): { readonly lowestDb: number; readonly highestDb: number } {
  const gains = range(0, TELEPHONE_TOP_HZ, STEP_HZ).map((hz) => gainDb(conversion, hz))
  return { lowestDb: Math.min(...gains), highestDb: Math.max(...gains) }
}

/** Worst over all tones [dB relative to the tone]. */
export interface Images {
  /** The image itself: the line at (input rate - tone). */
  readonly lineDb: number
  /** The strongest line anywhere above half the input rate. */
  readonly anyLineDb: number
  /** All power above half the input rate, the rounding to 16 bits too: of a perfect filter that alone is -100.9 dB. */
  readonly totalDb: number
}

/** What tones of 0 to 3400 Hz leave above half the input rate when the rate is doubled. */
export function images({ fromHz, toHz, convert }: Conversion): Images {
  let worst: Images = { lineDb: -Infinity, anyLineDb: -Infinity, totalDb: -Infinity }
  for (const hz of [0, ...range(STEP_HZ, TELEPHONE_TOP_HZ, STEP_HZ).map((round) => round - 0.7)]) {
    const length = 8192
    const output = convert(probe(hz, length / toHz + 2 * SETTLE_S + 0.02, fromHz))
    const spectrum = powerSpectrum(output, SETTLE_S * toHz, length, toHz)
    const tone = linePower(spectrum, hz)
    worst = {
      lineDb: Math.max(worst.lineDb, db(linePower(spectrum, fromHz - hz) / tone)),
      anyLineDb: Math.max(worst.anyLineDb, db(strongestLine(spectrum, fromHz / 2) / tone)),
      totalDb: Math.max(worst.totalDb, db(bandPower(spectrum, fromHz / 2, toHz / 2) / tone)),
    }
  }
  return worst
}

function strongestLine({ power, binHz }: PowerSpectrum, aboveHz: number): number {
  let strongest = 0
  for (let centre = Math.ceil(aboveHz / binHz) + LINE_HALF_WIDTH; centre < power.length; centre++) {
    strongest = Math.max(strongest, linePower({ power, binHz }, centre * binHz))
  }
  return strongest
}

/**
 * What tones of `lowHz` to `highHz`, every `stepHz`, leave in the output [dB relative to the tone], worst: all power of the
 * output, its rounding to 16 bits too (-98 dB). Meant for tones above half the output rate, where all is alias.
 */
export function aliasDb({ fromHz, toHz, convert }: Conversion, lowHz: number, highHz: number, stepHz = 10): number {
  let worst = -Infinity
  for (const hz of range(lowHz, highHz, stepHz)) {
    // A tone that folds to 0 Hz or to half the rate is as loud as its phase has it: the mean of two phases is not.
    const phases = hz % (toHz / 2) === 0 ? [0, Math.PI / 2] : [0]
    const powers = phases.map((phase) => meanSquare(convert(probe(hz, 0.3, fromHz, phase)), toHz))
    const power = powers.reduce((sum, one) => sum + one, 0) / powers.length
    worst = Math.max(worst, db(power / (PEAK ** 2 / 2)))
  }
  return worst
}

/**
 * Tone over everything else [dB], at -0.2 dBFS: a sine fitted by least squares to 1 s of output over what is left of
 * it: noise, distortion and constant together. The lowest of two starting phases at `hz`, where the rounding error
 * repeats with the tone, and of 0.7 Hz beside it, where it does not.
 */
export function sinadDb({ fromHz, toHz, convert }: Conversion, hz: number): number {
  const tones = [
    { at: hz, phase: 0.1 },
    { at: hz, phase: 0.9 },
    { at: hz + 0.7, phase: 0 },
  ]
  const ratios = tones.map(({ at, phase }) => {
    const { amplitude, residual } = fitSine(convert(probe(at, 1 + 2 * SETTLE_S, fromHz, phase)), at, toHz)
    return db(amplitude ** 2 / 2 / residual)
  })
  return Math.min(...ratios)
}

/**
 * How far sound comes behind [ms]: group delay (slope of the phase over 10 Hz) at 300, 1000 and 3000 Hz, the largest,
 * plus what the conversion keeps back of the sound it was given. Known to 0.001 ms, between -20 and 80 ms.
 */
export function delayMs({ fromHz, toHz, convert }: Conversion): number {
  const seconds = 1
  const delays = [300, 1000, 3000].map((hz) => {
    const [low, high] = [hz - 5, hz + 5].map((side) => fitSine(convert(probe(side, seconds, fromHz)), side, toHz).phase)
    const turns = ((low ?? 0) - (high ?? 0)) / (2 * Math.PI)
    return ((turns + 2.2) % 1) * 100 - 20
  })
  const keptBackMs = (seconds - convert(new Int16Array(seconds * fromHz)).length / toHz) * 1000
  return Math.round((Math.max(...delays) + keptBackMs) * 1000) / 1000
}

/** Conversion in pieces of `size` samples of what is converted by `push`. */
export function inPieces(samples: Int16Array, size: number, push: (piece: Int16Array) => Int16Array): Int16Array {
  const pieces: Int16Array[] = []
  for (let at = 0; at < samples.length; at += size) pieces.push(push(samples.subarray(at, at + size)))
  const output = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    output.set(piece, at)
    at += piece.length
  }
  return output
}

/** What cutting the sound adds [dB relative to the sound]: power of the difference of both outputs; -Infinity for none. */
export function edgesDb(whole: Int16Array, pieces: Int16Array): number {
  if (whole.length !== pieces.length) throw new RangeError(`${whole.length} samples whole, ${pieces.length} in pieces`)
  let [error, sound] = [0, 0]
  whole.forEach((sample, i) => {
    error += (sample - (pieces[i] ?? 0)) ** 2
    sound += sample ** 2
  })
  return db(error / sound)
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)
}
