import { type AudioFormat, bytesOf, durationMs, silenceByte } from '../audio/format.ts'
import type { Clock } from '../base/clock.ts'
import { ByteQueue } from './byte-queue.ts'
import { HeardClock } from './heard-clock.ts'
import { type Heard, heardOf, type Stretch } from './stretch.ts'
import type { PlayedSink } from './tap.ts'

/** Where the playout's sound goes: the carrier's leg, as far as playing is concerned. */
export interface PlayoutSink {
  readonly format: AudioFormat
  play(audio: Uint8Array): void
  mark(name: string): void
  clear(): void
}

/** What an interruption cut off: each item that was not heard to its end, and how much sound that was [ms]. */
export interface Cut {
  readonly items: readonly Heard[]
  readonly unheardMs: number
}

/**
 * What the agent still has to say, and what of it the caller has heard.
 *
 * ```
 *                     heard            sent                   pushed          [bytes on one line, never going back]
 *   ───────────────────┼────────────────┼──────────────────────┼──▶
 *    in the caller's ear│ at the carrier │  ours alone          │
 *                       │◀── lead ≤ 300 ▶│                      │
 *
 *   hold       heard = sent ┼───────────────────────────────────┼──▶    the carrier is cleared; what it held is ours again
 *   resume     from there on as if nothing had been
 *   interrupt  heard = sent = pushed ┼                                  what was not heard is gone
 * ```
 * Models speak faster than real time; the carrier would take all of it and then play for minutes what a caller has long
 * talked over. So it gets a short lead only, topped up on the shared tick, and `heard` runs with the clock from the
 * moment the carrier had something to play. A mark that comes back proves its position and can only move `heard`
 * forward; a mark from before an interruption proves nothing, because `clear` sends marks back too.
 */
export class Playout {
  readonly #sink: PlayoutSink
  readonly #heardClock: HeardClock
  readonly #leadBytes: number
  readonly #frameBytes: number
  /** What a message holds when there is enough: 100 ms, or less of a short lead. */
  readonly #messageBytes: number
  readonly #markBytes: number
  readonly #onHeard: (heard: Heard) => void
  readonly #played: PlayedSink | undefined

  /** The line from `#kept` to `#pushed`: what was sent stays until it has been heard, and `takeHeard` has given it. */
  readonly #queue = new ByteQueue(QUEUE_BYTES)
  #kept = 0
  #listened = 0
  /** Up to where `#played` was told. */
  #told = 0
  #held = false
  /** What the lead is wider by while the event loop is late [ms]. */
  #extraMs = 0
  #items: Stretch[] = []
  /** Positions [bytes] on the line of all sound since the call began. */
  #pushed = 0
  #sent = 0
  #proved = 0
  #marked = 0
  /** Changes with each interruption, so that a mark knows whether it is still worth something. */
  #epoch = 0

  constructor(
    sink: PlayoutSink,
    clock: Clock,
    leadMs: number,
    onHeard: (heard: Heard) => void,
    played?: PlayedSink | undefined,
  ) {
    this.#sink = sink
    this.#heardClock = new HeardClock(sink.format, clock)
    this.#leadBytes = bytesOf(sink.format, leadMs)
    this.#frameBytes = bytesOf(sink.format, 20)
    this.#messageBytes = bytesOf(sink.format, Math.min(100, leadMs / 3))
    this.#markBytes = bytesOf(sink.format, 500)
    this.#onHeard = onHeard
    this.#played = played
  }

  /** What the caller has still to hear [ms]: at the carrier and queued here. */
  get unheardMs(): number {
    return this.#toMs(this.#pushed - this.#heard())
  }

  /** Whether it holds back what there is to say. */
  get held(): boolean {
    return this.#held
  }

  /** Sound of an item, in the sink's format, behind what was pushed before. Sends what fits into the lead at once. */
  push(itemId: string, audio: Uint8Array): void {
    if (audio.length === 0 || this.unheardMs > MAX_UNHEARD_MS) return
    const last = this.#items.at(-1)
    if (last?.itemId === itemId && !last.complete) {
      last.end += audio.length
    } else {
      if (last !== undefined) last.complete = true
      this.#items.push({
        itemId,
        start: this.#pushed,
        end: this.#pushed + audio.length,
        complete: false,
      })
    }
    this.#queue.push(audio)
    this.#pushed += audio.length
    this.tick()
  }

  /** No more sound comes for what was pushed so far: a last part of a frame is filled up with silence and sent. */
  finish(): void {
    const last = this.#items.at(-1)
    if (last === undefined || last.complete) return
    last.complete = true
    const odd = this.#pushed % this.#frameBytes
    if (odd > 0) {
      const silence = new Uint8Array(this.#frameBytes - odd).fill(silenceByte(this.#sink.format))
      this.#queue.push(silence)
      this.#pushed += silence.length
    }
    this.tick()
  }

  /** Tops up the carrier and reports items heard to their end. `lagMs` widens the lead while the event loop is late. */
  tick(lagMs = 0): void {
    this.#extraMs = Math.min(MAX_EXTRA_MS, Math.max(lagMs, this.#extraMs - EXTRA_FADE_MS))
    if (this.#items.length === 0) return
    const heard = this.#heard()
    this.#tellPlayed(heard)
    if (!this.#held) this.#topUp(heard)
    this.#reportHeard(heard)
    this.#forget(heard)
  }

  /** Is silent from now on, and keeps what was not heard. */
  hold(): void {
    if (this.#held) return
    this.#held = true
    const heard = this.#heard()
    this.#tellPlayed(heard)
    this.#takeBack(heard)
    // Nothing that was sent is lost: an item whose end was at the carrier has it still to come.
    this.#reportHeard(heard)
  }

  /** Goes on with the first frame that was not heard. */
  resume(): void {
    this.#held = false
    this.tick()
  }

  /**
   * What the caller was hearing during the next `bytes` of time, silence included; `undefined` when it was silence alone.
   * Asked for with each piece of the caller's own sound, it is what an echo in that can be an echo of.
   */
  takeHeard(bytes: number): Uint8Array | undefined {
    const heard = this.#heard()
    // Whoever has not asked for a while wants to know of now.
    if (heard - this.#listened > MAX_UNLISTENED_MS * (this.#frameBytes / 20)) this.#listened = heard - bytes
    this.#listened = Math.max(this.#listened, this.#kept)
    const count = Math.min(bytes, heard - this.#listened)
    if (count <= 0) return undefined
    const sound = this.#queue.copy(this.#listened - this.#kept, count)
    this.#listened += count
    if (this.#items.length === 0) this.#forget(heard)
    if (count === bytes) return sound
    const padded = new Uint8Array(bytes).fill(silenceByte(this.#sink.format))
    padded.set(sound)
    return padded
  }

  /** A mark came back. */
  marked(name: string): void {
    const [epoch, position] = name.split(':').map(Number)
    if (epoch !== this.#epoch || position === undefined || !(position <= this.#sent)) return
    this.#proved = Math.max(this.#proved, position)
    this.#tellPlayed(this.#heard())
    if (position > this.#heard()) this.#heardClock.rebase(position)
    const heard = this.#heard()
    this.#tellPlayed(heard)
    this.#reportHeard(heard)
  }

  /** Stops now: clears the carrier, drops what waits, and says what was not heard. */
  interrupt(): Cut {
    const heard = this.#heard()
    this.#tellPlayed(heard)
    const items = this.#items.map((item) => heardOf(item, heard, this.#sink.format))
    const cut = {
      items: items.filter((item) => !item.wholly),
      unheardMs: this.#toMs(this.#pushed - heard),
    }
    this.#takeBack(heard)
    this.#held = false
    this.#items = []
    this.#queue.keep(heard - this.#kept)
    this.#pushed = heard
    return cut
  }

  /** The carrier forgets what it holds; what it had been given stands in the line again. */
  #takeBack(heard: number): void {
    // Before the clear: a leg may send marks back while it is being cleared.
    this.#epoch++
    // Without proof the carrier may still hold a little, whatever our clock says.
    if (this.#sent > this.#proved) this.#sink.clear()
    this.#sent = heard
    this.#proved = heard
    this.#marked = heard
    this.#heardClock.rebase(heard)
  }

  /** Asked before the base of the time moves: it is what the time is read by. */
  #tellPlayed(heard: number): void {
    const from = Math.max(this.#told, this.#kept)
    if (heard <= from) return
    this.#told = heard
    if (this.#played?.wanted !== true) return
    this.#played.take(this.#queue.copy(from - this.#kept, heard - from), this.#heardClock.timeOf(from))
  }

  #topUp(heard: number): void {
    const unsent = this.#pushed - this.#sent
    const room = heard + this.#leadBytes + bytesOf(this.#sink.format, this.#extraMs) - this.#sent
    const ready = Math.min(unsent, room)
    // One message of 100 ms costs a fifth of five of 20 ms, so sound waits for company: not the end of it, which no more
    // follows, and not while the carrier has little left to play, as at the start, or of a model no faster than speech.
    const isEnd = ready === unsent && this.#items.at(-1)?.complete
    const isLow = this.#sent - heard < this.#messageBytes
    if (ready >= this.#messageBytes || isEnd || isLow) this.#send(ready - (ready % this.#frameBytes), heard)
    this.#mark()
  }

  #send(bytes: number, heard: number): void {
    if (bytes <= 0) return
    if (heard === this.#sent) this.#heardClock.rebase(heard)
    this.#sink.play(this.#queue.copy(this.#sent - this.#kept, bytes))
    this.#sent += bytes
  }

  /** What was heard is kept only as long as somebody may ask for it. */
  #forget(heard: number): void {
    const until = Math.max(Math.min(heard, this.#listened), heard - MAX_UNLISTENED_MS * (this.#frameBytes / 20))
    if (until <= this.#kept) return
    this.#queue.drop(until - this.#kept)
    this.#kept = until
  }

  /** Twice a second, and where an answer ends: each mark is a message more, and comes back as one. */
  #mark(): void {
    const isEnd = this.#sent === this.#pushed && this.#items.at(-1)?.complete
    if (this.#sent - this.#marked < (isEnd ? 1 : this.#markBytes)) return
    this.#marked = this.#sent
    this.#sink.mark(`${this.#epoch}:${this.#sent}`)
  }

  #reportHeard(heard: number): void {
    for (let first = this.#items[0]; first?.complete && heard >= first.end; first = this.#items[0]) {
      this.#items.shift()
      this.#onHeard(heardOf(first, heard, this.#sink.format))
    }
  }

  #heard(): number {
    return this.#heardClock.at(this.#sent)
  }

  #toMs(bytes: number): number {
    return durationMs(this.#sink.format, bytes)
  }
}

/** Two seconds; of a model that speaks faster it grows. */
const QUEUE_BYTES = 16_384

/** A caller's frames come every 20 ms; who asks later than this is not asking [ms]. */
const MAX_UNLISTENED_MS = 400

/** A loop that was late once may be late again: the wider lead fades in seconds [ms, and ms a tick]. */
const MAX_EXTRA_MS = 2000
const EXTRA_FADE_MS = 2

// Ten minutes of speech is a model that has run away; what it says beyond that is dropped.
const MAX_UNHEARD_MS = 600_000
