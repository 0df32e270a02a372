/** Discrete Fourier transform in place, forward and unscaled; the length is a power of two. */
export function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length
  if (n !== im.length || (n & (n - 1)) !== 0) throw new RangeError(`expected two arrays of a power of two, got ${n}`)
  reverseBits(re, im)
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const c = Math.cos((Math.PI * k) / half)
      const s = -Math.sin((Math.PI * k) / half)
      for (let i = k; i < n; i += 2 * half) butterfly(re, im, i, i + half, c, s)
    }
  }
}

/** The other way, scaled so that it undoes `fft`. */
export function inverseFft(re: Float64Array, im: Float64Array): void {
  fft(im, re)
  for (let i = 0; i < re.length; i++) {
    re[i] = (re[i] ?? 0) / re.length
    im[i] = (im[i] ?? 0) / re.length
  }
}

function butterfly(re: Float64Array, im: Float64Array, a: number, b: number, c: number, s: number): void {
  const [ar = 0, ai = 0, br = 0, bi = 0] = [re[a], im[a], re[b], im[b]]
  const tr = br * c - bi * s
  const ti = br * s + bi * c
  re[a] = ar + tr
  im[a] = ai + ti
  re[b] = ar - tr
  im[b] = ai - ti
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  const n = re.length
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      ;[re[i], re[j]] = [re[j] ?? 0, re[i] ?? 0]
      ;[im[i], im[j]] = [im[j] ?? 0, im[i] ?? 0]
    }
  }
}

/** Half the width [bins] of what a steady tone fills in a `PowerSpectrum`; beyond it the window is 180 dB down. */
export const LINE_HALF_WIDTH = 8

/** Mean square per bin, 0 Hz to half the rate: bins of a tone sum to amplitude^2 / 2, those of noise to its variance. */
export interface PowerSpectrum {
  readonly power: Float64Array
  /** [Hz] from one bin to the next. */
  readonly binHz: number
}

/** Of `length` samples (a power of two) from `start` on, through a 7-term Blackman-Harris window. */
export function powerSpectrum(samples: Int16Array, start: number, length: number, sampleRate: number): PowerSpectrum {
  const window = blackmanHarris(length)
  if (samples.length < start + length) throw new RangeError(`expected ${start + length} samples, got ${samples.length}`)
  const re = window.map((weight, i) => weight * (samples[start + i] ?? 0))
  const im = new Float64Array(length)
  fft(re, im)
  const energy = window.reduce((sum, weight) => sum + weight * weight, 0)
  const power = new Float64Array(length / 2 + 1)
  for (let k = 0; k < power.length; k++) {
    const sides = k === 0 || k === length / 2 ? 1 : 2
    power[k] = (sides * ((re[k] ?? 0) ** 2 + (im[k] ?? 0) ** 2)) / (length * energy)
  }
  return { power, binHz: sampleRate / length }
}

/** Power between two frequencies [Hz], both ends included. */
export function bandPower({ power, binHz }: PowerSpectrum, fromHz: number, toHz: number): number {
  let sum = 0
  const last = Math.min(power.length - 1, Math.floor(toHz / binHz))
  for (let k = Math.max(0, Math.ceil(fromHz / binHz)); k <= last; k++) sum += power[k] ?? 0
  return sum
}

/** Power of the line at `hz`: the bins that a steady tone there fills. */
export function linePower(spectrum: PowerSpectrum, hz: number): number {
  const reach = LINE_HALF_WIDTH * spectrum.binHz
  return bandPower(spectrum, hz - reach, hz + reach)
}

const windows = new Map<number, Float64Array>()

function blackmanHarris(length: number): Float64Array {
  const known = windows.get(length)
  if (known !== undefined) return known
  // Albrecht 2001: the sidelobes are 180 dB down, so that a full-scale tone hides nothing at -120 dB.
  const terms = [
    0.27105140069342, -0.43329793923448, 0.21812299954311, -0.06592544638803, 0.01081174209837, -0.00077658482522,
    0.00001388721735,
  ]
  const window = Float64Array.from({ length }, (_, i) =>
    terms.reduce((sum, term, k) => sum + term * Math.cos((2 * Math.PI * k * i) / length), 0),
  )
  windows.set(length, window)
  return window
}
