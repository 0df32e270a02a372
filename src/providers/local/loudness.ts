/**
 * Speech at the level of the telephone's other voices: what is spoken at -20 dBFS, whichever synthetic voice says it,
 * peaks at -3 dBFS or below, and pauses at both ends as asked.
 *
 * ```
 *   .....~~~~~~~..~~~~......    the voices begin with 50 to 250 ms of nothing, which a caller waits for
 *   └ cut ┘            └ cut, then `pauseMs` of silence
 * ```
 * @param samples mono, of one sentence; nothing but silence stays as it is.
 */
export function levelled(samples: Int16Array, sampleRate: number, pauseMs: number): Int16Array {
  const frame = Math.round(sampleRate * 0.01)
  const powers = framePowers(samples, frame)
  const loudest = powers.reduce((most, power) => Math.max(most, power), 0)
  if (loudest < FLOOR) return samples
  const spoken = powers.filter((power) => power > loudest * ACTIVE)
  const rms = Math.sqrt(spoken.reduce((sum, power) => sum + power, 0) / spoken.length)
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  const gain = Math.min(TARGET_RMS / rms, CEILING / peak)

  const audible = powers.map((power) => power > Math.max(FLOOR, loudest * AUDIBLE))
  // One frame of its own onset before, three of its own decay after.
  const from = Math.max(0, audible.indexOf(true) - 1) * frame
  const to = Math.min(samples.length, (audible.lastIndexOf(true) + 4) * frame)
  const out = new Int16Array(to - from + Math.round((pauseMs * sampleRate) / 1000))
  for (let i = from; i < to; i++) out[i - from] = Math.round((samples[i] ?? 0) * gain)
  return out
}

const FULL_SCALE = 32_768
const TARGET_RMS = FULL_SCALE * 10 ** (-20 / 20)
const CEILING = FULL_SCALE * 10 ** (-3 / 20)
/** Mean squares: -60 dBFS is nothing; 30 dB below the loudest 10 ms counts as spoken, 45 dB below can be heard. */
const FLOOR = (FULL_SCALE * 10 ** (-60 / 20)) ** 2
const ACTIVE = 10 ** (-30 / 10)
const AUDIBLE = 10 ** (-45 / 10)

/** Mean square of each whole frame. */
function framePowers(samples: Int16Array, frame: number): number[] {
  return Array.from({ length: Math.floor(samples.length / frame) }, (_, i) => {
    let sum = 0
    for (let k = i * frame; k < (i + 1) * frame; k++) sum += (samples[k] ?? 0) ** 2
    return sum / frame
  })
}
