import { MULAW_SILENCE } from '../../audio/g711.ts'
import type { Clock } from '../../base/clock.ts'
import { FRAME_MS, frameClockOf } from './frame-clock.ts'
import { FRAME_BYTES } from './playout-buffer.ts'

const SILENCE = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE)

/** What is at the far end of the line while a media stream is open. */
export interface LineEnd {
  /** The 20 ms that begin to be heard now; `undefined`: silence. */
  downlink(): Uint8Array | undefined
  /** The 20 ms that the caller has just finished saying; silence is 0xFF. Asked once a frame, after `downlink`. */
  uplink(frame: Uint8Array): void
}

/** Both directions of a call, mu-law 8 kHz, equally long: byte n of each is the same moment at the phone. */
export interface Recording {
  readonly caller: Uint8Array
  readonly heard: Uint8Array
}

/** Bytes that grow up to a limit. */
class Tape {
  #bytes = new Uint8Array(64 * FRAME_BYTES)
  #length = 0

  append(frame: Uint8Array): void {
    if (this.#length + frame.length > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(frame, this.#length)
    this.#length += frame.length
  }

  read(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

interface Words {
  readonly audio: Uint8Array
  offset: number
  readonly sent: () => void
}

export interface LineOptions {
  readonly clock: Clock
  /** The longest call [ms]; `full` is called when it is reached. */
  readonly maxMs: number
  readonly record: boolean
  readonly heard: (audio: Uint8Array) => void
  readonly full: () => void
}

/**
 * The telephone and its wire: 20 ms frames both ways from answer to hang-up, whether anybody listens or not.
 *
 * ```
 *   frame        k                k+1
 *   ear     hears [k .. k+1)   hears …            recorded at k
 *   mouth   says  [k .. k+1) ─▶ sent at k+1       recorded at k: so a delay read off the recording is what the caller feels
 * ```
 * What is said before the first stream waits for it; after that the line does not wait: words without a stream are lost.
 */
export class PhoneLine {
  readonly #options: LineOptions
  readonly #closed = new AbortController()
  readonly #caller = new Tape()
  readonly #heard = new Tape()
  readonly #words: Words[] = []
  #end: LineEnd | undefined
  #listened = false
  #frames = 0
  #mouth: Uint8Array = SILENCE
  /** Who waits for the frame in the mouth to be sent. */
  #afterMouth: (() => void)[] = []
  #startMs: number | undefined

  constructor(options: LineOptions) {
    this.#options = options
  }

  /** Length of the recording so far [ms], in whole frames. */
  get recordedMs(): number {
    return this.#frames * FRAME_MS
  }

  /** Time since the line was opened [ms]; 0 before. */
  get nowMs(): number {
    return this.#startMs === undefined ? 0 : Math.max(0, this.#options.clock.now() - this.#startMs)
  }

  open(): void {
    if (this.#startMs !== undefined) return
    this.#startMs = frameClockOf(this.#options.clock).join(() => this.#beat(), this.#closed.signal)
  }

  /** Nothing is heard or said any more; whoever waits for words to be sent waits no longer. */
  close(): void {
    this.#closed.abort()
    for (const waiting of [...this.#afterMouth, ...this.#words.map((words) => words.sent)]) waiting()
    this.#words.length = 0
    this.#afterMouth = []
  }

  attach(end: LineEnd): void {
    this.#end = end
    this.#listened = true
  }

  detach(end: LineEnd): void {
    if (this.#end === end) this.#end = undefined
  }

  /**
   * Says this after all that is still to be said; the last frame is filled up with silence.
   * @throws RangeError when it is longer than the longest call.
   */
  speak(mulaw: Uint8Array): Promise<void> {
    const waiting = this.#words.reduce((sum, words) => sum + words.audio.length - words.offset, mulaw.length)
    if (waiting > this.#options.maxMs * 8) throw new RangeError('more to say than the longest call can hold')
    if (mulaw.length === 0 || this.#closed.signal.aborted) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#words.push({ audio: mulaw, offset: 0, sent: resolve })
    return promise
  }

  recording(): Recording {
    return { caller: this.#caller.read(), heard: this.#heard.read() }
  }

  #beat(): void {
    if (this.recordedMs >= this.#options.maxMs) {
      this.#options.full()
      return
    }
    const heard = this.#end?.downlink()
    if (heard !== undefined) this.#options.heard(heard)
    this.#end?.uplink(this.#mouth)
    for (const waiting of this.#afterMouth) waiting()
    this.#afterMouth = []
    this.#mouth = this.#nextWords()
    if (this.#options.record) {
      this.#heard.append(heard ?? SILENCE)
      this.#caller.append(this.#mouth)
    }
    this.#frames += 1
  }

  #nextWords(): Uint8Array {
    if (!this.#listened || this.#words.length === 0) return SILENCE
    const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE)
    let filled = 0
    for (let words = this.#words[0]; words !== undefined && filled < FRAME_BYTES; words = this.#words[0]) {
      const piece = words.audio.subarray(words.offset, words.offset + FRAME_BYTES - filled)
      frame.set(piece, filled)
      filled += piece.length
      words.offset += piece.length
      if (words.offset < words.audio.length) break
      this.#afterMouth.push(words.sent)
      this.#words.shift()
    }
    return frame
  }
}
