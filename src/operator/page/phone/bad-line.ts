import { decodeMulaw, encodeMulaw } from '../sound/mulaw.ts'

/** How the line is on which this phone says what it says. */
export type LineQuality = 'clean' | 'noisy' | 'lossy'

/** Hiss of a poor analogue line, or of a car: speech at a usual -20 dBFS stands 18 dB above it. */
const NOISE_DBFS = -38
/** Of each frame on a bad mobile line: 3 % are lost, one at a time or a few in a row. */
const LOSS_BEGINS = 0.015
const LOSS_GOES_ON = 0.5
/** Now and then nothing comes for up to 120 ms, and then all of it at once. */
const STALL_BEGINS = 0.01
const STALL_FRAMES = 6

/** What becomes of a frame: it is sent, it is lost, or it waits and is sent with the next one that does not. */
export type Fate = 'send' | 'lose' | 'hold'

/** A line of one quality. */
export interface BadLine {
  /** The frame as it is heard at the far end: 160 bytes of mu-law. */
  distort(frame: Uint8Array): Uint8Array
  /** What becomes of the next frame. */
  fate(): Fate
}

/** @param random from 0 to 1, 1 excluded. */
export function makeBadLine(quality: LineQuality, random: () => number): BadLine {
  return {
    distort: quality === 'noisy' ? (frame) => addNoise(frame, random) : (frame) => frame,
    fate: quality === 'lossy' ? makeFate(random) : () => 'send',
  }
}

function addNoise(frame: Uint8Array, random: () => number): Uint8Array {
  const rms = 10 ** (NOISE_DBFS / 20)
  const samples = decodeMulaw(frame)
  for (let i = 0; i < samples.length; i++) {
    // The sum of twelve is as good as Gaussian, with a variance of one.
    let sum = -6
    for (let k = 0; k < 12; k++) sum += random()
    samples[i] = (samples[i] ?? 0) + rms * sum
  }
  return encodeMulaw(samples)
}

function makeFate(random: () => number): () => Fate {
  let losing = false
  let stalled = 0
  return () => {
    losing = random() < (losing ? LOSS_GOES_ON : LOSS_BEGINS)
    if (losing) return 'lose'
    if (stalled > 0) return --stalled > 0 ? 'hold' : 'send'
    if (random() >= STALL_BEGINS) return 'send'
    stalled = 1 + Math.floor(random() * (STALL_FRAMES - 1))
    return 'hold'
  }
}
