import { type AudioFormat, bytesOf } from '../audio/format.ts'
import { ByteQueue } from './byte-queue.ts'

/** What is always kept: speech has begun some time before anybody says so [ms]. */
const ALWAYS_MS = 1000
/** A turn of the caller's that no model has answered yet is kept so far back [ms]. */
const LONGEST_MS = 10_000

/**
 * The caller's latest sound, so that a model that takes over can be given what the one before has not answered.
 *
 * ```
 *   … dropped | ──── the last second, always ────|▶ now           from(place): longer, up to 10 s
 * ```
 * Places are counted in bytes from the call's beginning.
 */
export class KeptSound {
  readonly #format: AudioFormat
  readonly #sound: ByteQueue
  #end = 0
  #wanted: number | undefined
  /** Up to where it was given to a session. */
  #givenTo = 0

  constructor(format: AudioFormat) {
    this.#format = format
    this.#sound = new ByteQueue(2 * bytesOf(format, ALWAYS_MS))
  }

  /** Now. */
  get end(): number {
    return this.#end
  }

  /** `ms` ago, as far as that is kept. */
  ago(ms: number): number {
    return Math.max(this.#end - bytesOf(this.#format, ms), this.#start)
  }

  push(audio: Uint8Array): void {
    this.#sound.push(audio)
    this.#end += audio.length
    const from = Math.min(this.#wanted ?? this.#end, this.#end - bytesOf(this.#format, ALWAYS_MS))
    const oldest = Math.max(from, this.#end - bytesOf(this.#format, LONGEST_MS))
    if (oldest > this.#start) this.#sound.drop(oldest - this.#start)
  }

  /** Keeps everything from this place on; `undefined`: the last second will do. `ungiven`: what no session has had, too. */
  keepFrom(place: number | undefined, ungiven = false): void {
    this.#wanted = ungiven ? Math.min(place ?? this.#givenTo, this.#givenTo) : place
  }

  /** A session has had all of it. */
  given(): void {
    this.#givenTo = this.#end
  }

  /** A session that has had the last `ms` did not make much of them. */
  takeBack(ms: number): void {
    this.#givenTo = this.ago(ms)
  }

  /**
   * All that is a new session's: what no session has had, and a turn, which begins at `from`, all of it. It counts as given.
   * @param from `undefined`: there is no turn that is to be answered.
   */
  give(from: number | undefined, hasTurn: boolean): { readonly before: Uint8Array; readonly turn: Uint8Array } {
    const first = Math.min(from ?? this.#givenTo, this.#givenTo)
    const sound = this.since(first)
    const before = hasTurn ? sound.length - this.since(from ?? first).length : sound.length
    this.given()
    return { before: sound.subarray(0, before), turn: sound.subarray(before) }
  }

  /** A copy of everything from a place on, as far as it is kept. */
  since(place: number): Uint8Array {
    const offset = Math.max(0, place - this.#start)
    return this.#sound.copy(offset, Math.max(0, this.#sound.length - offset))
  }

  get #start(): number {
    return this.#end - this.#sound.length
  }
}
