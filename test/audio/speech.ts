import { fft, inverseFft } from './spectrum.ts'

/** Frequencies [Hz] that do not count, from and to. */
export type Band = readonly [fromHz: number, toHz: number]

const FRAME_MS = 20
const QUIET_DBFS = -50
/** A frame that is all wrong counts -10 dB, one that agrees to the last bit 100 dB. */
const [LOWEST_DB, HIGHEST_DB] = [-10, 100]

/**
 * Segmental SNR [dB] of `heard` against `reference`: the mean over 20 ms frames in which the reference is louder than
 * -50 dBFS of 10 log10(reference power / power of the difference), each within -10 and 100 dB.
 *
 * ```
 *   reference ─▶ FFT ─────────────────────────┐
 *   heard ─────▶ FFT ─▶ × e^(jωτ), best τ ─▶ − ─▶ without `leftOut` ─▶ inverse FFT ─▶ frames
 * ```
 * The delay τ is found to 1/100,000 sample, so that only its sound counts; the level is not adjusted.
 * `leftOut` takes a band out of both the reference and the difference.
 */
export function segmentalSnrDb(reference: Int16Array, heard: Int16Array, sampleRate: number, leftOut?: Band): number {
  const length = 2 ** Math.ceil(Math.log2(Math.max(reference.length, heard.length) + 0.25 * sampleRate))
  const r = spectrumOf(reference, length)
  const h = spectrumOf(heard, length)
  const error = difference(r, h, bestDelay(r, h, sampleRate))
  const sound = { re: r.re.slice(), im: r.im.slice() }
  if (leftOut !== undefined) for (const side of [error, sound]) remove(side, leftOut, sampleRate)
  inverseFft(error.re, error.im)
  inverseFft(sound.re, sound.im)
  return meanOfFrames(sound.re.subarray(0, reference.length), error.re, (FRAME_MS * sampleRate) / 1000)
}

interface Spectrum {
  readonly re: Float64Array
  readonly im: Float64Array
}

function spectrumOf(samples: Int16Array, length: number): Spectrum {
  const re = new Float64Array(length)
  re.set(samples)
  const im = new Float64Array(length)
  fft(re, im)
  return { re, im }
}

/** `heard`, moved `delay` samples earlier, minus the reference. */
function difference(r: Spectrum, h: Spectrum, delay: number): Spectrum {
  const n = r.re.length
  const re = new Float64Array(n)
  const im = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    const signed = k < n / 2 ? k : k - n
    const turn = k === n / 2 ? 0 : (2 * Math.PI * signed * delay) / n
    const [c, s] = [Math.cos(turn), Math.sin(turn)]
    const [hr, hi] = [h.re[k] ?? 0, h.im[k] ?? 0]
    re[k] = hr * c - hi * s - (r.re[k] ?? 0)
    im[k] = hr * s + hi * c - (r.im[k] ?? 0)
  }
  return { re, im }
}

/** Delay of `h` behind `r` [samples], within 200 ms: the peak of the correlation, then the least difference around it. */
function bestDelay(r: Spectrum, h: Spectrum, sampleRate: number): number {
  const n = r.re.length
  const re = new Float64Array(n)
  const im = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    const [rr, ri, hr, hi] = [r.re[k] ?? 0, r.im[k] ?? 0, h.re[k] ?? 0, h.im[k] ?? 0]
    re[k] = hr * rr + hi * ri
    im[k] = hi * rr - hr * ri
  }
  const cross = { re: re.slice(), im: im.slice() }
  inverseFft(re, im)
  const reach = Math.round(0.2 * sampleRate)
  let peak = 0
  for (let lag = -reach; lag <= reach; lag++) if ((re[(lag + n) % n] ?? 0) > (re[(peak + n) % n] ?? 0)) peak = lag
  return leastOver((delay) => -correlation(cross, delay), peak - 1, peak + 1)
}

/** Correlation at any delay: with the power of both sides given, its peak is where their difference is least. */
function correlation({ re, im }: Spectrum, delay: number): number {
  const n = re.length
  let sum = re[0] ?? 0
  for (let k = 1; k < n / 2; k++) {
    const turn = (2 * Math.PI * k * delay) / n
    sum += 2 * ((re[k] ?? 0) * Math.cos(turn) - (im[k] ?? 0) * Math.sin(turn))
  }
  return sum
}

/** Golden section search to 1/100,000: the difference of a sound and itself, moved so little, is 100 dB down. */
function leastOver(cost: (x: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2
  let [a, b] = [low, high]
  let [left, right] = [b - ratio * (b - a), a + ratio * (b - a)]
  let [costLeft, costRight] = [cost(left), cost(right)]
  while (b - a > 0.00001) {
    if (costLeft < costRight) {
      ;[b, right, costRight] = [right, left, costLeft]
      left = b - ratio * (b - a)
      costLeft = cost(left)
    } else {
      ;[a, left, costLeft] = [left, right, costRight]
      right = a + ratio * (b - a)
      costRight = cost(right)
    }
  }
  return (a + b) / 2
}

function remove({ re, im }: Spectrum, [fromHz, toHz]: Band, sampleRate: number): void {
  const n = re.length
  for (let k = 0; k <= n / 2; k++) {
    const hz = (k * sampleRate) / n
    if (hz <= fromHz || hz >= toHz) continue
    for (const bin of [k, (n - k) % n]) {
      re[bin] = 0
      im[bin] = 0
    }
  }
}

function meanOfFrames(sound: Float64Array, error: Float64Array, frame: number): number {
  const quiet = 32_768 ** 2 * 10 ** (QUIET_DBFS / 10)
  const ratios: number[] = []
  for (let at = 0; at + frame <= sound.length; at += frame) {
    const power = energy(sound, at, frame)
    if (power / frame < quiet) continue
    const ratioDb = 10 * Math.log10(power / energy(error, at, frame))
    ratios.push(Math.max(LOWEST_DB, Math.min(HIGHEST_DB, ratioDb)))
  }
  if (ratios.length === 0) throw new RangeError(`expected a reference louder than ${QUIET_DBFS} dBFS somewhere`)
  return ratios.reduce((sum, ratioDb) => sum + ratioDb, 0) / ratios.length
}

function energy(samples: Float64Array, at: number, length: number): number {
  let sum = 0
  for (let i = at; i < at + length; i++) sum += (samples[i] ?? 0) ** 2
  return sum
}
