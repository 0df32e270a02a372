/** A sine of `hz` for `ms` at `dbfs` RMS (-3 is the loudest that does not clip), starting at phase 0. */
export function tone(hz: number, ms: number, sampleRate: number, dbfs = -12): Int16Array {
  const peak = 32_768 * 10 ** (dbfs / 20) * Math.SQRT2
  return Int16Array.from({ length: Math.round((ms * sampleRate) / 1000) }, (_, i) =>
    Math.round(Math.max(-32_768, Math.min(32_767, peak * Math.sin((2 * Math.PI * hz * i) / sampleRate)))),
  )
}

/** How loud the tone of `hz` is in the samples [dBFS RMS] (Goertzel); `-Infinity` for none. */
export function toneDbfs(samples: Int16Array, sampleRate: number, hz: number): number {
  if (samples.length === 0) return -Infinity
  const w = (2 * Math.PI * hz) / sampleRate
  let before = 0
  let last = 0
  for (const sample of samples) {
    const next = sample + 2 * Math.cos(w) * last - before
    before = last
    last = next
  }
  const power = last * last + before * before - 2 * Math.cos(w) * last * before
  // |X| of a sine of amplitude A over n samples is A n / 2; its RMS is A / sqrt(2).
  return 10 * Math.log10((2 * power) / samples.length ** 2 / 32_768 ** 2)
}
