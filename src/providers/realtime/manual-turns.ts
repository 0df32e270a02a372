import { type AudioFormat, bytesOf, bytesPerSample } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import { Alarm } from './alarm.ts'
import { bufferClear, bufferCommit } from './client-frames.ts'
import { PreRoll } from './pre-roll.ts'
import type { Uplink } from './uplink.ts'

/** An ear decides up to 200 ms late, and words begin softly: this much sound before it belongs to the turn [ms]. */
const preRollMs = 500
/** From the commit to `committed` [ms]; then the turn counts as taken: an answer too early is better than none. */
const committedMs = 1500
/**
 * From `committed` to the turn's item [ms]. The pages disagree whether it comes before or after the `response.create`,
 * and one that comes before the turn is processed may be dropped without a word.
 */
const itemMs = 300
/** The same for a model that has dropped one: then the turn's transcript is waited for. */
const wordsMs = 1500

export interface ManualTurnsOptions {
  readonly clock: Clock
  readonly format: AudioFormat
  readonly uplink: Uplink
  readonly send: (frame: string) => void
  /** What the latest turn is called in its transcript. */
  readonly named: (itemId: string) => void
  /** The model has the turn: it may be asked to answer. */
  readonly taken: () => void
}

/**
 * The caller's turns as the call hears them, for a server that is not to listen for them itself.
 *
 * ```
 *   sound  . . . . . . . . .│# # # # # # # # . . .│. . . . .        in the ring: the last 500 ms, not sent
 *                      begin┘ring, then all  end  └flush, commit ─▶ committed ─▶ item created ─▶ taken
 *                                            drop └clear
 * ```
 * What is appended is billed and kept until it is committed: so silence between turns is not sent.
 */
export class ManualTurns {
  readonly #options: ManualTurnsOptions
  readonly #alarm: Alarm
  readonly #ring: PreRoll
  #half: Uint8Array | undefined
  #open = false
  #bytes = 0
  /** Commits without `committed`. */
  #unanswered = 0
  /** The item of the latest commit, when it is known; `undefined` when no turn is waited for. */
  #waitedFor: { itemId: string } | undefined
  #needsWords = false

  constructor(options: ManualTurnsOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.clock)
    this.#ring = new PreRoll(bytesOf(options.format, preRollMs))
  }

  /** Whole samples go on; half a one waits, or the ring would shift all that follows by a byte. */
  push(audio: Uint8Array): void {
    const all = this.#half === undefined ? audio : Buffer.concat([this.#half, audio])
    const whole = all.length - (all.length % bytesPerSample(this.#options.format))
    this.#half = whole === all.length ? undefined : all.slice(whole)
    // Kept while it is sent, too: a turn that is dropped may have been the beginning of one.
    this.#ring.push(all.subarray(0, whole))
    if (this.#open) this.#give(all.subarray(0, whole))
  }

  /** @returns whether a turn began: none was going on. */
  begin(): boolean {
    if (this.#open) return false
    this.#open = true
    this.#bytes = 0
    this.#give(this.#ring.take())
    return true
  }

  /** @returns what became of the turn; a buffer without sound is not committed, it would be an error. */
  end(): 'none' | 'empty' | 'committed' {
    if (!this.#open) return 'none'
    this.#open = false
    if (this.#bytes === 0) return 'empty'
    this.#ring.take()
    this.#options.uplink.flush()
    this.#options.send(bufferCommit)
    this.#unanswered++
    this.#waitedFor = { itemId: '' }
    this.#alarm.set(committedMs, () => this.#take())
    return 'committed'
  }

  /** @returns whether a turn was going on. */
  drop(): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#options.uplink.forget()
    if (this.#bytes > 0) this.#options.send(bufferClear)
    return true
  }

  onCommitted(itemId: string): void {
    this.#unanswered = Math.max(0, this.#unanswered - 1)
    // Of a turn before the latest: the latest one's is still to come.
    if (this.#waitedFor === undefined || this.#unanswered > 0) return
    this.#waitedFor.itemId = itemId
    if (itemId !== '') this.#options.named(itemId)
    this.#alarm.set(this.#needsWords ? wordsMs : itemMs, () => this.#take())
  }

  onItem(itemId: string, spoken: boolean): void {
    const { itemId: waited } = this.#waitedFor ?? {}
    if (this.#needsWords || waited === undefined || this.#unanswered > 0) return
    if (waited === '' ? spoken : waited === itemId) this.#take()
  }

  /** The turn's words: whoever knows them has processed it. */
  onWords(itemId: string): void {
    if (this.#waitedFor !== undefined && this.#waitedFor.itemId === itemId) this.#take()
  }

  /** The model dropped a `response.create` that followed a turn too soon. */
  hurried(): void {
    this.#needsWords = true
  }

  /** A commit was refused, the oldest one. @returns whether no turn is waited for any more. */
  refused(): boolean {
    if (this.#unanswered > 1) {
      this.#unanswered--
      return false
    }
    this.#forget()
    return true
  }

  /** Gives up what it holds, the sound of the ring too; nothing is committed any more. */
  close(): Uint8Array {
    this.#open = false
    this.#forget()
    return this.#ring.take()
  }

  #give(audio: Uint8Array): void {
    this.#bytes += audio.length
    this.#options.uplink.push(audio)
  }

  #forget(): void {
    this.#unanswered = 0
    this.#waitedFor = undefined
    this.#alarm.clear()
  }

  #take(): void {
    this.#forget()
    this.#options.taken()
  }
}
