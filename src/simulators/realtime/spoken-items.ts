import type { ClientEvent } from './client-event.ts'
import type { Complaints } from './dialect.ts'
import type { Truncation } from './inspection.ts'
import type { Wire } from './wire.ts'
import { invalidValue, Refusal } from './wire-error.ts'

/** Items and truncations that are remembered. */
const MAX_KEPT = 256

/** What the agent said, item by item, for a server that can forget the end of one. */
export class SpokenItems {
  readonly #wire: Wire
  readonly #complaints: Complaints
  /** Sound that went out and is remembered [ms]. */
  readonly #items = new Map<string, number>()
  #truncations: readonly Truncation[] = []

  constructor(wire: Wire, complaints: Complaints) {
    this.#wire = wire
    this.#complaints = complaints
  }

  get truncations(): readonly Truncation[] {
    return this.#truncations
  }

  /** Sound went out, of whatever item. */
  get hasSounded(): boolean {
    return this.#items.size > 0
  }

  spoke(itemId: string, ms: number): void {
    this.#items.set(itemId, (this.#items.get(itemId) ?? 0) + ms)
    const [oldest] = this.#items.keys()
    if (this.#items.size > MAX_KEPT && oldest !== undefined) this.#items.delete(oldest)
  }

  /**
   * `conversation.item.truncate`.
   * @param isKnown there is an item of this id, perhaps without sound.
   * @throws Refusal for an item that is not there, has no sound, or is shorter.
   */
  truncate({ item_id, audio_end_ms }: ClientEvent, isKnown: (itemId: string) => boolean): void {
    const ofMs = typeof item_id === 'string' ? this.#items.get(item_id) : undefined
    if (typeof item_id !== 'string' || ofMs === undefined) {
      const { noSuchItem, notTruncatable } = this.#complaints
      const id = String(item_id).slice(0, 100)
      throw new Refusal(isKnown(id) ? notTruncatable(id) : noSuchItem(id, 'truncate'))
    }
    if (typeof audio_end_ms !== 'number' || !Number.isInteger(audio_end_ms) || audio_end_ms < 0) {
      throw new Refusal(invalidValue("Invalid value: 'audio_end_ms' must be a whole number.", 'audio_end_ms'))
    }
    if (audio_end_ms > ofMs) {
      throw new Refusal(this.#complaints.shorterThan(ofMs, audio_end_ms))
    }
    this.#items.set(item_id, audio_end_ms)
    this.#truncations = [...this.#truncations, { itemId: item_id, remainsMs: audio_end_ms, ofMs }].slice(-MAX_KEPT)
    this.#wire.emit('conversation.item.truncated', { item_id, content_index: 0, audio_end_ms })
  }
}
