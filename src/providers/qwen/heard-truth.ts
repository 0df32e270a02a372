import type { Clock } from '../../base/clock.ts'
import { itemTruncate } from './client-frames.ts'
import type { WireError } from './events.ts'

/** How a model is told what was heard of a cut answer: OpenAI's event, a typed message, or not at all. */
export type HeardTruth = 'truncate' | 'note' | 'off'

export const heardTruths: readonly HeardTruth[] = ['truncate', 'note', 'off']

/** So many refusals may still be on their way. */
const bound = 64
/** A server that neither obeys nor refuses is not waited for longer than this [ms]. */
const refusesWithinMs = 2000

/**
 * Tells a model that only the beginning of an item was heard.
 *
 * ```
 *   truncate ──▶ truncated                        it forgot the rest
 *            └─▶ error (Qwen: unknown event type) swallowed, and no further truncate in this session
 * ```
 */
export class HeardTeller {
  readonly #clock: Clock
  readonly #send: (frame: string) => void
  readonly #note: (text: string) => void
  #how: HeardTruth
  #sent = 0
  #latestMs = Number.NEGATIVE_INFINITY
  /** Event ids of truncates without an answer, oldest first. */
  readonly #unanswered: string[] = []

  /** @param note writes a message, where the model takes those. */
  constructor(how: HeardTruth, clock: Clock, send: (frame: string) => void, note: (text: string) => void) {
    this.#how = how
    this.#clock = clock
    this.#send = send
    this.#note = note
  }

  tell(itemId: string, heardMs: number, heardText: string): void {
    if (this.#how === 'note') this.#note(heardNote(heardMs, heardText))
    if (this.#how !== 'truncate' || itemId === '') return
    const eventId = `event_heard_${++this.#sent}`
    this.#unanswered.push(eventId)
    if (this.#unanswered.length > bound) this.#unanswered.shift()
    this.#latestMs = this.#clock.now()
    this.#send(itemTruncate(eventId, itemId, heardMs))
  }

  truncated(): void {
    this.#unanswered.shift()
  }

  /**
   * Whether this error answers a truncate: by its event id, else by its words or its time. Many errors of this wire
   * have neither code nor id, and what Qwen says to a truncate is on no page.
   * @param vague nothing else explains the error, and it ends nothing.
   */
  refused({ eventId, message, code }: WireError, vague: boolean): boolean {
    const named = eventId !== undefined && this.#unanswered.includes(eventId)
    const due = this.#unanswered.length > 0 && this.#clock.now() - this.#latestMs <= refusesWithinMs
    const meant = vague || /truncat|already shorter|event type|unknown event/i.test(`${message} ${code}`)
    if (!named && !(due && meant)) return false
    this.#unanswered.shift()
    // Ours was longer than the item is: the event itself is known there.
    if (!/already shorter/i.test(message)) this.#how = 'off'
    return true
  }
}

/** In the first person of the caller, for typed words are taken from nobody else; in brackets, for they are no question. */
function heardNote(heardMs: number, heardText: string): string {
  const words = heardText === '' ? `its first ${(heardMs / 1000).toFixed(1)} seconds` : JSON.stringify(heardText)
  return `(Your last answer was interrupted. I heard ${heardMs <= 0 ? 'nothing of it' : `only ${words}`}.)`
}
