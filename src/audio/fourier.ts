/**
 * Magnitudes of the spectrum of 256 Hann-windowed samples: 129 of them, from 0 to half the sample rate.
 *
 * ```
 *   256 real ─▶ 128 complex (even + i odd) ─▶ FFT-128 ─▶ untangle ─▶ 129 magnitudes
 * ```
 */
export interface Spectrum {
  /** Writes magnitude k of the 256 samples from `from` on to `out[at + k]`. */
  take(samples: Float32Array, from: number, out: Float32Array, at: number): void
}

/** Samples one spectrum is made of. */
export const SPECTRUM_SAMPLES = 256
const HALF = SPECTRUM_SAMPLES / 2
const STAGES = 7

/** An FFT with its own scratch memory: one a caller. */
export function makeSpectrum(): Spectrum {
  const hann = Float64Array.from(
    { length: SPECTRUM_SAMPLES },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / SPECTRUM_SAMPLES),
  )
  const reversed = Uint8Array.from({ length: HALF }, (_, i) => reverseBits(i))
  // cos and sin of 2 pi k / 256: every second one serves the FFT, all of them the untangling.
  const cos = Float64Array.from({ length: HALF + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / SPECTRUM_SAMPLES))
  const sin = Float64Array.from({ length: HALF + 1 }, (_, k) => Math.sin((2 * Math.PI * k) / SPECTRUM_SAMPLES))
  const re = new Float64Array(HALF + 1)
  const im = new Float64Array(HALF + 1)

  return {
    take(samples, from, out, at) {
      for (let i = 0; i < HALF; i++) {
        const n = 2 * (reversed[i] as number)
        re[i] = (samples[from + n] as number) * (hann[n] as number)
        im[i] = (samples[from + n + 1] as number) * (hann[n + 1] as number)
      }
      transform(re, im, cos, sin)
      re[HALF] = re[0] as number
      im[HALF] = im[0] as number
      for (let k = 0; k <= HALF; k++) {
        // Even samples' spectrum E and odd samples' O, from Z = E + i O and its mirror image; then X = E + w^k O.
        const a = re[k] as number
        const b = im[k] as number
        const c = re[HALF - k] as number
        const d = im[HALF - k] as number
        const oddRe = (b + d) / 2
        const oddIm = (c - a) / 2
        const w = cos[k] as number
        const v = sin[k] as number
        const x = (a + c) / 2 + w * oddRe + v * oddIm
        const y = (b - d) / 2 + w * oddIm - v * oddRe
        out[at + k] = Math.sqrt(x * x + y * y)
      }
    },
  }
}

/** In place, radix 2, decimation in time; the input is in bit-reversed order. */
function transform(re: Float64Array, im: Float64Array, cos: Float64Array, sin: Float64Array): void {
  for (let size = 2; size <= HALF; size *= 2) {
    const half = size / 2
    const stride = SPECTRUM_SAMPLES / size
    for (let j = 0; j < half; j++) {
      const w = cos[j * stride] as number
      const v = -(sin[j * stride] as number)
      for (let i = j; i < HALF; i += size) {
        const k = i + half
        const x = (re[k] as number) * w - (im[k] as number) * v
        const y = (re[k] as number) * v + (im[k] as number) * w
        re[k] = (re[i] as number) - x
        im[k] = (im[i] as number) - y
        re[i] = (re[i] as number) + x
        im[i] = (im[i] as number) + y
      }
    }
  }
}

function reverseBits(i: number): number {
  let reversed = 0
  for (let bit = 0; bit < STAGES; bit++) reversed |= ((i >> bit) & 1) << (STAGES - 1 - bit)
  return reversed
}
