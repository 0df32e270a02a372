import { type AudioFormat, bytesOf, durationMs } from '../audio/format.ts'
import { encodeAlaw, encodeMulaw } from '../audio/g711.ts'
import type { Clock } from '../base/clock.ts'
import type { Sound } from './agent.ts'
import { Playout, type PlayoutSink } from './playout.ts'
import type { Heard } from './stretch.ts'
import type { PlayedSink } from './tap.ts'
import type { Transcript } from './transcript.ts'

/** What of one item was heard when it ended or was cut, and in words. */
export interface HeardItem extends Heard {
  readonly heardText: string
  readonly place: number
}

/** The item of a recording that the agent opens with: no item of the model's. */
export const RECORDED = 'recorded'

const FRAME_MS = 20

/** The item of a filler: it is no part of the conversation. */
const FILLER = 'filler'

/** Nor is what an operator says who has taken the call over. */
const OPERATOR = 'operator'
/** Before the first piece of it: so much later may another one come, and nobody hears a gap [ms]. */
const OPERATOR_LEAD_MS = 60
/** What waits of it is late, and more would be later [ms]. */
const OPERATOR_MOST_MS = 1000

/** What a voice needs. */
export interface VoiceOptions {
  readonly clock: Clock
  readonly leadMs: number
  readonly transcript: Transcript
  /** Takes all that the caller's phone played, whoever said it. */
  readonly played?: PlayedSink
}

/**
 * The agent's mouth: what it says goes to the playout, what was heard of it to the transcript.
 *
 * ```
 *   answer ───▶ say ──┐
 *   recording ▶ play ─┼─▶ playout ─▶ carrier          heard ─▶ transcript ─▶ onHeard, an item at a time
 *   filler ───▶ cover ┘      └ the first word of an answer drops a filler that still sounds
 * ```
 */
export class Voice {
  readonly #format: AudioFormat
  readonly #playout: Playout
  readonly #transcript: Transcript
  readonly #onHeard: (heard: HeardItem) => void
  #covering = false
  #madeMs = 0
  #heardMs = 0

  constructor(sink: PlayoutSink, options: VoiceOptions, onHeard: (heard: HeardItem) => void) {
    this.#format = sink.format
    this.#transcript = options.transcript
    this.#onHeard = onHeard
    const { clock, leadMs, played } = options
    this.#playout = new Playout(sink, clock, leadMs, (heard) => this.#hear(heard), played)
  }

  /** Whether something that the agent says is still to be heard; a filler is nothing it says. */
  get speaks(): boolean {
    return !this.#covering && this.#playout.unheardMs > 0
  }

  /** Whether something that the agent says is being heard: a whole frame of it, at least. */
  get sounds(): boolean {
    return !this.#covering && this.#playout.unheardMs >= FRAME_MS
  }

  /** What is still to be heard, of a filler too [ms]. */
  get unheardMs(): number {
    return this.#playout.unheardMs
  }

  /** What the agent has said, and what of it is known to have been heard [ms]; fillers are not counted. */
  get madeMs(): number {
    return this.#madeMs
  }

  get heardMs(): number {
    return this.#heardMs
  }

  /** Sound of an answer, in the leg's format. */
  say(itemId: string, audio: Uint8Array): void {
    if (audio.length === 0) return
    this.uncover()
    const ms = durationMs(this.#format, audio.length)
    this.#madeMs += ms
    this.#transcript.agentMade(itemId, ms)
    this.#playout.push(itemId, audio)
  }

  /** A recording, and the words that are said in it. Returns their place in the conversation. */
  play(sound: Sound, words: string): number {
    const place = this.#transcript.agentSaid(RECORDED, words)
    this.say(RECORDED, this.#encode(sound))
    this.#transcript.agentFinished(RECORDED)
    this.#playout.finish()
    return place
  }

  /** An operator's voice, in the leg's format: heard, and no part of what the agent says. */
  pass(audio: Uint8Array): void {
    this.uncover()
    if (this.unheardMs > OPERATOR_MOST_MS) return
    if (this.unheardMs === 0) this.#playout.push(OPERATOR, this.#encode(new Int16Array(OPERATOR_LEAD_MS * 8)))
    this.#playout.push(OPERATOR, audio)
  }

  /** Covers a silence, unless there is none. */
  cover(sound: Sound): void {
    if (sound.length === 0) return
    if (this.unheardMs > 0) {
      // Less than a frame waits for the rest of itself: of an answer that has broken off it would wait for ever.
      if (this.unheardMs < FRAME_MS) this.#playout.finish()
      return
    }
    this.#covering = true
    this.#playout.push(FILLER, this.#encode(sound))
    this.#playout.finish()
  }

  /** Drops a filler that still sounds; one that is held back too, and what follows is held in its place. */
  uncover(): void {
    if (!this.#covering) return
    const { held } = this.#playout
    this.interrupt()
    if (held) this.#playout.hold()
  }

  /** No more sound comes for what was said so far. */
  finish(): void {
    if (!this.#covering) this.#playout.finish()
  }

  tick(lagMs: number): void {
    this.#playout.tick(lagMs)
    if (this.#covering && this.unheardMs === 0) this.#covering = false
  }

  marked(name: string): void {
    this.#playout.marked(name)
  }

  hold(): void {
    this.#playout.hold()
  }

  resume(): void {
    this.#playout.resume()
  }

  /** What the caller was hearing during the next `bytes` of time; `undefined`: nothing. */
  takeHeard(bytes: number): Uint8Array | undefined {
    return this.#playout.takeHeard(bytes)
  }

  /** Is silent, for good: says what was not heard. A filler that is cut off was nothing. */
  interrupt(): { readonly items: readonly HeardItem[]; readonly unheardMs: number } {
    const covering = this.#covering
    this.#covering = false
    const cut = this.#playout.interrupt()
    if (covering) return { items: [], unheardMs: 0 }
    const items = cut.items.filter(({ itemId }) => itemId !== OPERATOR)
    // While an operator speaks the agent says nothing: what is cut then was not the agent's.
    const unheardMs = items.length < cut.items.length ? 0 : cut.unheardMs
    return { items: items.map((item) => this.#inWords(item)), unheardMs }
  }

  #hear(heard: Heard): void {
    if (heard.itemId !== FILLER && heard.itemId !== OPERATOR) this.#onHeard(this.#inWords(heard))
  }

  #inWords(heard: Heard): HeardItem {
    this.#heardMs += heard.heardMs
    return { ...heard, ...this.#transcript.agentHeard(heard.itemId, heard.heardMs, heard.wholly) }
  }

  /** Whole frames, so that what follows begins with one. */
  #encode(sound: Sound): Uint8Array {
    const encode = this.#format.encoding === 'alaw' ? encodeAlaw : encodeMulaw
    const frame = bytesOf(this.#format, 20)
    const whole = new Int16Array(Math.ceil(sound.length / frame) * frame)
    whole.set(sound)
    return encode(whole)
  }
}
