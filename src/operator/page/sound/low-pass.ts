/** What a low-pass lets through, and from where on it lets nothing through [Hz]. */
export interface Band {
  readonly passHz: number
  readonly stopHz: number
}

/** How much is left of what lies beyond `stopHz` [dB]: below the noise of mu-law by far. */
const ATTENUATION_DB = 76

/**
 * The impulse response of a low-pass at `rateHz`: a sinc under a Kaiser window, of odd length, with a gain of 1. For
 * 600 Hz of transition it is 7.9 ms long, so it delays by 4 ms.
 */
export function lowPass({ passHz, stopHz }: Band, rateHz: number): Float64Array {
  const width = (stopHz - passHz) / rateHz
  const half = Math.ceil((ATTENUATION_DB - 7.95) / (14.36 * width) / 2)
  const beta = 0.1102 * (ATTENUATION_DB - 8.7)
  const cutoff = (passHz + stopHz) / rateHz
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const t = i - half
    return sinc(cutoff * t) * bessel(beta * Math.sqrt(1 - (t / half) ** 2))
  })
  const gain = 1 / taps.reduce((sum, tap) => sum + tap, 0)
  return taps.map((tap) => tap * gain)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel(x: number): number {
  let sum = 1
  let term = 1
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}
