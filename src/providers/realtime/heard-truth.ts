import { type AudioFormat, durationMs } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import { itemTruncate } from './client-frames.ts'
import type { WireError } from './events.ts'

/** How a model is told what was heard of a cut answer: the protocol's own event, a typed message, or not at all. */
export type HeardTruth = 'truncate' | 'note' | 'off'

export const heardTruths: readonly HeardTruth[] = ['truncate', 'note', 'off']

/** So many refusals may still be on their way. */
const bound = 64
/** A server that neither obeys nor refuses is not waited for longer than this [ms]. */
const refusesWithinMs = 2000
/** Of so many items it is known how long they sounded; what is cut is the latest, or the one before. */
const itemsKept = 32

export interface HeardTellerOptions {
  readonly how: HeardTruth
  /** The server surely knows the event. */
  readonly sure: boolean
  /** Of the model's sound. */
  readonly format: AudioFormat
  readonly clock: Clock
  readonly send: (frame: string) => void
  /** Writes a message, where the model takes those. */
  readonly note: (text: string) => void
}

/**
 * Tells a model that only the beginning of an item was heard.
 *
 * ```
 *   sound of an item … ─▶ truncate ──▶ truncated                  it forgot the rest
 *     (never beyond it)            └─▶ error                      swallowed; where the event itself may be unknown,
 *                                                                 no further truncate in this session
 * ```
 */
export class HeardTeller {
  readonly #options: HeardTellerOptions
  #how: HeardTruth
  #sent = 0
  #latestMs = Number.NEGATIVE_INFINITY
  /** Event ids of truncates without an answer, oldest first. */
  readonly #unanswered: string[] = []
  /** Bytes of sound that came, by item. */
  readonly #sounded = new Map<string, number>()

  constructor(options: HeardTellerOptions) {
    this.#options = options
    this.#how = options.how
  }

  /** So many more bytes of this item's sound have come. */
  sounded(itemId: string, bytes: number): void {
    const before = this.#sounded.get(itemId)
    this.#sounded.set(itemId, (before ?? 0) + bytes)
    if (before !== undefined || this.#sounded.size <= itemsKept) return
    const [oldest] = this.#sounded.keys()
    if (oldest !== undefined) this.#sounded.delete(oldest)
  }

  tell(itemId: string, heardMs: number, heardText: string): void {
    const { clock, format, note, send, sure } = this.#options
    if (this.#how === 'note') note(heardNote(heardMs, heardText))
    if (this.#how !== 'truncate' || itemId === '') return
    const bytes = this.#sounded.get(itemId)
    // Nothing of it ever sounded, so nothing of it can be cut.
    if (bytes === undefined && sure) return
    const eventId = `event_heard_${++this.#sent}`
    this.#unanswered.push(eventId)
    if (this.#unanswered.length > bound) this.#unanswered.shift()
    this.#latestMs = clock.now()
    // More than there is would be an error, and the model would believe that all of it was heard.
    const longestMs = bytes === undefined ? Number.POSITIVE_INFINITY : durationMs(format, bytes)
    send(itemTruncate(eventId, itemId, Math.min(heardMs, longestMs)))
  }

  truncated(): void {
    this.#unanswered.shift()
  }

  /**
   * Whether this error answers a truncate: by its event id, else by its words or its time. Many errors of this wire
   * have neither code nor id, and what a server that knows no truncate says to one is on no page.
   * @param vague nothing else explains the error, and it ends nothing.
   */
  refused({ eventId, message, code }: WireError, vague: boolean): boolean {
    const named = eventId !== undefined && this.#unanswered.includes(eventId)
    const due = this.#unanswered.length > 0 && this.#options.clock.now() - this.#latestMs <= refusesWithinMs
    const meant = vague || /truncat|already shorter|event type|unknown event/i.test(`${message} ${code}`)
    if (!named && !(due && meant)) return false
    this.#unanswered.shift()
    // Ours was longer than the item is: the event itself is known there.
    if (!this.#options.sure && !/already shorter/i.test(message)) this.#how = 'off'
    return true
  }
}

/** In the first person of the caller, for typed words are taken from nobody else; in brackets, for they are no question. */
function heardNote(heardMs: number, heardText: string): string {
  const words = heardText === '' ? `its first ${(heardMs / 1000).toFixed(1)} seconds` : JSON.stringify(heardText)
  return `(Your last answer was interrupted. I heard ${heardMs <= 0 ? 'nothing of it' : `only ${words}`}.)`
}
