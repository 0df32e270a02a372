import type { CallEvent } from '../call/events.ts'
import type { LiveCall } from './api.ts'
import { foldLive, type LiveFold, liveCallOf } from './live-call.ts'

interface Kept {
  readonly fold: LiveFold
  /** When its last event came [ms since 1970]. */
  readonly heardAt: number
}

/** More than any house carries; the one that was heard of longest ago goes. */
const MAX_CALLS = 10_000
/** How long a caller whose stream is over may take to come back: from a human who did not answer, say [ms]. */
const COMING_BACK_MS = 60_000
const MAX_COMING_BACK = 1000

/**
 * All calls that are live, in whichever process, folded from their events as they happen.
 *
 * ```
 *   answered ─ … ─ ended ── off the board, kept for 60 s ── answered, resumed ─▶ goes on as it was
 * ```
 */
export class LiveBoard {
  readonly #now: () => number
  readonly #calls = new Map<string, Kept>()
  /** Streams that are over, whose caller may come back; the one that ended first comes first. */
  readonly #left = new Map<string, Kept>()

  /** @param now [ms since 1970] */
  constructor(now: () => number) {
    this.#now = now
  }

  get size(): number {
    return this.#calls.size
  }

  /** Oldest first. */
  get calls(): readonly LiveCall[] {
    return [...this.#calls.values()].map(({ fold }) => liveCallOf(fold)).sort((a, b) => a.answeredAt - b.answeredAt)
  }

  find(callId: string): LiveCall | undefined {
    const kept = this.#calls.get(callId)
    return kept === undefined ? undefined : liveCallOf(kept.fold)
  }

  /** Takes an event; returns whether it changed what is seen of its call. */
  take(callId: string, event: CallEvent): boolean {
    this.#forgetLeft()
    const onBoard = this.#calls.get(callId)?.fold
    const before = onBoard ?? (event.type === 'answered' ? this.#left.get(callId)?.fold : undefined)
    const after = foldLive(before, callId, event, this.#now())
    if (after === undefined) return this.#leave(callId)
    this.#left.delete(callId)
    if (onBoard === undefined && this.#calls.size >= MAX_CALLS) {
      const [oldest] = this.#quietest(1)
      if (oldest !== undefined) this.#calls.delete(oldest)
    }
    this.#calls.set(callId, { fold: after, heardAt: this.#now() })
    return after !== onBoard
  }

  /**
   * Forgets calls that nobody carries any more, when that cannot be told from their events: of more than `carried`, those
   * that nothing was heard of for the longest time. Returns which.
   */
  forgetBeyond(carried: number): readonly string[] {
    const gone = this.#quietest(this.#calls.size - carried)
    for (const callId of gone) this.#calls.delete(callId)
    return gone
  }

  #leave(callId: string): boolean {
    const kept = this.#calls.get(callId)
    if (kept === undefined) return false
    this.#calls.delete(callId)
    this.#left.set(callId, { ...kept, heardAt: this.#now() })
    return true
  }

  #forgetLeft(): void {
    for (const [callId, { heardAt }] of this.#left) {
      if (this.#left.size <= MAX_COMING_BACK && this.#now() - heardAt < COMING_BACK_MS) return
      this.#left.delete(callId)
    }
  }

  #quietest(count: number): readonly string[] {
    const byAge = [...this.#calls].sort(([, a], [, b]) => a.heardAt - b.heardAt)
    return byAge.slice(0, Math.max(0, count)).map(([callId]) => callId)
  }
}
