import type { Sound } from '../call/agent.ts'

const LINE_HZ = 8000
/** Quiet: speech on a line is at about -20 dBFS. */
const DBFS = -30
const PEAK = 32_768 * 10 ** (DBFS / 20) * Math.SQRT2

/** A fifth, low and soft. */
const blips = [
  { atMs: 0, forMs: 180, hz: 440 },
  { atMs: 220, forMs: 180, hz: 660 },
] as const
const RAMP_MS = 60

/**
 * What the caller hears while the model thinks when no recording is set.
 *
 * ```
 *   ╭440 Hz╮ ╭660 Hz╮
 *  ─╯ 180  ╰─╯ 180  ╰───────── silence ──────────┤ 1700 ms
 * ```
 * Raised-cosine ramps: without a click at either end. Repeated, it leaves no silence of a second and a half.
 */
export function comfortTone(): Sound {
  const sound = new Int16Array(1.7 * LINE_HZ)
  for (const { atMs, forMs, hz } of blips) {
    const [from, length] = [(atMs * LINE_HZ) / 1000, (forMs * LINE_HZ) / 1000]
    for (let i = 0; i < length; i++) {
      const ms = (1000 * Math.min(i, length - 1 - i)) / LINE_HZ
      const gain = ms >= RAMP_MS ? 1 : (1 - Math.cos((Math.PI * ms) / RAMP_MS)) / 2
      sound[from + i] = Math.round(PEAK * gain * Math.sin((2 * Math.PI * hz * i) / LINE_HZ))
    }
  }
  return sound
}
