import { toLinear } from '../../audio/g711.ts'
import { LineClock } from './line-clock.ts'

/** Samples of a millisecond: telephones sample at 8 kHz. */
const PER_MS = 8
/** A piece that begins no later behind the end of its run is its continuation [ms]: a tick is late by up to 20. */
const JOINT_MS = 25
/** Silence that the carrier has not filled itself is filled from here on [ms]: below it is jitter. */
const HOLE_MS = 30
/** Who says nothing for so long has been given up [ms]. */
const MAX_HOLE_MS = 10_000
/** What one side may be ahead of the other [ms]: a line that is silent for longer is lost. */
const MAX_AHEAD_MS = 20_000
const FIRST_MS = 2000

/**
 * Both sides of a line as one row of stereo samples, on the caller's clock.
 *
 * ```
 *   left    caller ████████████████████████████▌ arrived so far
 *   right   heard       ▓▓▓▓▓▓▓▓      ▓▓▓▓▓        runs, each begun where the line stood when it began, and without a gap
 *           ├── taken ──────────┼── may still change ──▶
 * ```
 * Nothing that was taken changes any more: sound that comes for it after all is put behind it.
 */
export class StereoLine {
  readonly #linear: Int16Array
  readonly #clock = new LineClock()
  /** Left, right, left … from `#base` on. */
  #samples = new Int16Array(2 * FIRST_MS * PER_MS)
  #base = 0
  #leftEnd = 0
  #rightEnd = 0
  /** Stream time of the first piece [ms]. */
  #firstMs: number | undefined
  /** When the last run ends by its samples [ms of the call]: gaps that it has swallowed add up until it ends. */
  #runEndMs = Number.NEGATIVE_INFINITY

  constructor(encoding: 'mulaw' | 'alaw') {
    this.#linear = toLinear[encoding]
  }

  /** Up to where the caller's sound has come [samples]. */
  get end(): number {
    return this.#leftEnd
  }

  /** @param streamMs of its first sample, of the carrier's time. @param atMs when it arrived. */
  caller(audio: Uint8Array, streamMs: number, atMs: number): void {
    if (this.#firstMs === undefined) {
      // Who is greeted before the line has brought anything was silent until then.
      const leadMs = atMs - audio.length / PER_MS
      this.#firstMs = streamMs - (leadMs >= HOLE_MS ? leadMs : 0)
    }
    const holeMs = Math.round(streamMs - this.#firstMs - this.#leftEnd / PER_MS)
    // Absurd times must not make a flood of silence: a line is no longer than the call.
    const longestMs = atMs - this.#leftEnd / PER_MS
    if (holeMs >= HOLE_MS && longestMs > 0) {
      this.#leftEnd += Math.min(holeMs, Math.round(longestMs), MAX_HOLE_MS) * PER_MS
    }
    if (this.#put(audio, this.#leftEnd, 0)) this.#leftEnd += audio.length
    this.#clock.arrived(atMs, this.#leftEnd / PER_MS)
  }

  /** @param atMs when its first sample was heard. */
  heard(audio: Uint8Array, atMs: number): void {
    const isNew = atMs - this.#runEndMs > JOINT_MS
    const begin = isNew ? Math.round(this.#clock.at(atMs) * PER_MS) : this.#rightEnd
    const at = Math.max(begin, this.#rightEnd, this.#base)
    // What has to stand later than it should is so much nearer to what comes next.
    this.#runEndMs = (isNew ? atMs : this.#runEndMs) + (at - begin + audio.length) / PER_MS
    if (this.#put(audio, at, 1)) this.#rightEnd = at + audio.length
  }

  /** Gives away everything before `end` [samples], interleaved, and forgets it. */
  take(end: number): Uint8Array {
    const count = end - this.#base
    if (count <= 0) return new Uint8Array(0)
    this.#reach(end)
    const taken = this.#samples.slice(0, 2 * count)
    this.#samples.copyWithin(0, 2 * count)
    this.#samples.fill(0, this.#samples.length - 2 * count)
    this.#base = end
    return new Uint8Array(taken.buffer)
  }

  /** All there is. */
  rest(): Uint8Array {
    return this.take(Math.max(this.#leftEnd, this.#rightEnd))
  }

  #put(audio: Uint8Array, at: number, side: 0 | 1): boolean {
    if (!this.#reach(at + audio.length)) return false
    const samples = this.#samples
    const linear = this.#linear
    let place = 2 * (at - this.#base) + side
    for (let i = 0; i < audio.length; i++) {
      samples[place] = linear[audio[i] ?? 0] ?? 0
      place += 2
    }
    return true
  }

  /** Makes room. False: it would be too much. */
  #reach(end: number): boolean {
    const needed = 2 * (end - this.#base)
    if (needed <= this.#samples.length) return true
    if (needed > 2 * MAX_AHEAD_MS * PER_MS) return false
    const samples = new Int16Array(Math.max(needed, Math.min(2 * this.#samples.length, 2 * MAX_AHEAD_MS * PER_MS)))
    samples.set(this.#samples)
    this.#samples = samples
    return true
  }
}
