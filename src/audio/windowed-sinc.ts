// 3 ms of delay is what a caller does not notice and a steep filter needs.
const HALF_LENGTH_S = 0.003

/**
 * Low-pass impulse response at `rateHz`, for a conversion between these two rates, with the gain of the common rate
 * over the input rate: a sinc under a Kaiser window, of odd length.
 */
export function windowedSinc(fromHz: number, toHz: number, rateHz: number): Float64Array {
  // Going down, half of the transition band is spent below the new Nyquist frequency: what lies above folds back.
  const cutoffHz = toHz > fromHz ? fromHz / 2 : (toHz / 2) * 0.95
  const half = Math.round(HALF_LENGTH_S * rateHz)
  const length = 2 * half + 1
  const transitionHz = toHz > fromHz ? fromHz * 0.15 : toHz * 0.1
  const attenuationDb = 14.36 * (transitionHz / rateHz) * (length - 1) + 7.95
  const beta = attenuationDb > 50 ? 0.1102 * (attenuationDb - 8.7) : 4
  const taps = Float64Array.from({ length }, (_, i) => {
    const t = i - half
    return sinc((2 * cutoffHz * t) / rateHz) * besselI0(beta * Math.sqrt(1 - (t / half) ** 2))
  })
  const gain = rateHz / fromHz / taps.reduce((sum, tap) => sum + tap, 0)
  return taps.map((tap) => tap * gain)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1
  let term = 1
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}
