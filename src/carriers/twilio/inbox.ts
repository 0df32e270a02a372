import { type AudioFormat, bytesOf, durationMs } from '../../audio/format.ts'
import type { CarrierEvent } from '../../call/carrier.ts'

/** Sound that is kept for a model that is still being connected [ms]. */
const KEPT_MS = 5000
/** Digits and marks that are kept meanwhile. */
const KEPT_OTHERS = 500

/**
 * Keeps what the caller's end says until somebody listens, then hands it over in order.
 *
 * ```
 *   put put put … ── listen ──▶ kept events, then each as it comes
 * ```
 * Of sound the last 5 s are kept, to the sample; older sound is no answer to anything any more.
 */
export class Inbox {
  readonly #format: AudioFormat
  #listener: ((event: CarrierEvent) => void) | undefined
  #kept: CarrierEvent[] = []
  #keptBytes = 0
  #droppedBytes = 0
  #closed = false

  constructor(format: AudioFormat) {
    this.#format = format
  }

  /** Sound that came too early to be kept [ms]. */
  get droppedMs(): number {
    return durationMs(this.#format, this.#droppedBytes)
  }

  put(event: CarrierEvent): void {
    if (this.#closed) return
    if (this.#listener !== undefined) {
      this.#listener(event)
      return
    }
    this.#kept.push(event)
    if (event.type === 'audio') this.#keepBytes(event.audio.byteLength)
    else this.#keepOthers()
  }

  /** @throws TypeError when somebody listens already. */
  listen(listener: (event: CarrierEvent) => void): void {
    if (this.#listener !== undefined) throw new TypeError('the leg has its one listener already')
    this.#listener = listener
    const kept = this.#kept
    this.#kept = []
    // Who listens may hang up in the middle of it.
    for (const event of kept) if (!this.#closed) listener(event)
  }

  /** Forgets what is kept and takes nothing more. */
  close(): void {
    this.#closed = true
    this.#kept = []
  }

  #keepBytes(added: number): void {
    this.#keptBytes += added
    const limit = bytesOf(this.#format, KEPT_MS)
    while (this.#keptBytes > limit) {
      const index = this.#kept.findIndex(({ type }) => type === 'audio')
      const oldest = this.#kept[index]
      if (oldest?.type !== 'audio') return
      const surplus = Math.min(this.#keptBytes - limit, oldest.audio.byteLength)
      const rest = oldest.audio.subarray(surplus)
      const atMs = oldest.atMs + durationMs(this.#format, surplus)
      this.#kept.splice(index, 1, ...(rest.byteLength > 0 ? [{ type: 'audio' as const, audio: rest, atMs }] : []))
      this.#keptBytes -= surplus
      this.#droppedBytes += surplus
    }
  }

  #keepOthers(): void {
    if (this.#kept.filter(({ type }) => type !== 'audio').length <= KEPT_OTHERS) return
    this.#kept.splice(
      this.#kept.findIndex(({ type }) => type !== 'audio'),
      1,
    )
  }
}
