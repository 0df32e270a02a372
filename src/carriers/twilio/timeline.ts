import { type AudioFormat, bytesOf, durationMs, silenceByte } from '../../audio/format.ts'

/** Takes a piece of the caller's sound; `atMs` is the stream time of its first sample [ms]. */
export type TakeAudio = (audio: Uint8Array, atMs: number) => void

const FRAME_MS = 20
/** Half a frame: timestamps jitter by a millisecond or two around the true 20 ms. */
const TOLERANCE_MS = FRAME_MS / 2
/** A gap longer than this is filled only so far. */
const MAX_FILL_MS = 10_000
/** Timestamps this far behind are a clock that was set back, not frames that are late. */
const SET_BACK_MS = 1000

/**
 * Puts the caller's frames on a line without holes: what was lost on the way sounds as silence, so a model that waits
 * for silence to end a turn gets it.
 *
 * ```
 *   timestamp   155  175  195            255  275
 *   frame       [..] [..] [..]  lost     [..] [..]
 *   out         [..] [..] [..] [ff] [ff] [..] [..]
 * ```
 * A late frame is not thrown away: it follows what is there, and the next gap is shorter by it.
 *
 * When nothing comes at all, silence may be fed meanwhile, frame by frame. It counts as the gap's when the frames of that
 * time are lost; and when they come after all, they follow it, and the line is longer by so much from then on:
 *
 * ```
 *   frame       [1] [2] ── nothing ──            [5]      [1] [2] ── nothing ──  [3] [4] [5]
 *   out         [1] [2]    fed [ff]         [ff] [5]      [1] [2]    fed [ff]    [3] [4] [5]
 * ```
 */
export class Timeline {
  readonly #format: AudioFormat
  readonly #silence: Uint8Array
  readonly #take: TakeAudio
  /** Stream time up to which there is sound [ms]. */
  #endMs: number | undefined
  /** How far the line is behind its timestamps, by silence that was fed for frames that came later [ms]. */
  #behindMs = 0
  #wasFed = false
  #filledMs = 0
  #fedMs = 0

  constructor(format: AudioFormat, take: TakeAudio) {
    this.#format = format
    this.#take = take
    this.#silence = new Uint8Array(bytesOf(format, FRAME_MS)).fill(silenceByte(format))
  }

  /** Silence that was put in so far [ms]. */
  get filledMs(): number {
    return this.#filledMs
  }

  /** Silence that was fed so far [ms]. */
  get fedMs(): number {
    return this.#fedMs
  }

  /** 20 ms of silence, because nothing comes. Not before the first frame: there is no line yet. */
  feed(): void {
    if (this.#endMs === undefined) return
    const atMs = this.#endMs
    this.#wasFed = true
    this.#endMs += FRAME_MS
    this.#fedMs += FRAME_MS
    this.#take(this.#silence, atMs)
  }

  /**
   * Places one frame. A frame without a timestamp follows the one before.
   * @param elapsedMs how long the stream has really been open: silence may run ahead of that by 10 s, no more, so that
   * absurd timestamps cannot make a flood of it.
   */
  push(audio: Uint8Array, timestampMs: number | undefined, elapsedMs: number): void {
    const stampMs = timestampMs === undefined ? undefined : this.#onLine(timestampMs)
    const endMs = this.#endMs ?? stampMs ?? 0
    const gapMs = (stampMs ?? endMs) - endMs
    const isLate = gapMs < -TOLERANCE_MS && gapMs > -SET_BACK_MS
    const atMs = stampMs === undefined || isLate ? endMs : stampMs
    this.#endMs = atMs + durationMs(this.#format, audio.byteLength)
    if (gapMs >= TOLERANCE_MS) this.#fill(gapMs, atMs, elapsedMs)
    this.#take(audio, atMs)
  }

  #onLine(timestampMs: number): number {
    const endMs = this.#endMs
    const wasFed = this.#wasFed
    this.#wasFed = false
    if (wasFed && endMs !== undefined) this.#behindMs += Math.max(0, endMs - timestampMs - this.#behindMs)
    return timestampMs + this.#behindMs
  }

  #fill(gapMs: number, untilMs: number, elapsedMs: number): void {
    const allowedMs = Math.max(0, Math.min(MAX_FILL_MS, elapsedMs + MAX_FILL_MS - this.#filledMs))
    const frames = Math.min(Math.round(gapMs / FRAME_MS), Math.floor(allowedMs / FRAME_MS))
    this.#filledMs += frames * FRAME_MS
    for (let n = frames; n > 0; n--) this.#take(this.#silence, untilMs - n * FRAME_MS)
  }
}
