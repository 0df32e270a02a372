import type { Clock } from '../../base/clock.ts'

/**
 * The calls that are here: live, or on their way to us, or between two of our doors. Each leaves exactly once for every
 * time that it came, whatever is forgotten on the way.
 *
 * ```
 *   expect(ms) ─▶ on its way ── stay ─▶ live ── expect(ms) ─▶ …
 *                     └─ ms went by ─▶ left         └─ leave ─▶ left
 * ```
 */
export class Presence implements Disposable {
  readonly #clock: Clock
  readonly #onLeft: (callId: string) => void
  /** Each aborts when the call is heard of. */
  readonly #calls = new Map<string, AbortController>()
  readonly #waiting = new Set<() => void>()
  #closed = false

  constructor(clock: Clock, onLeft: (callId: string) => void) {
    this.#clock = clock
    this.#onLeft = onLeft
  }

  has(callId: string): boolean {
    return this.#calls.has(callId)
  }

  /** It is live: whoever says so says also when it is not any more. */
  stay(callId: string): void {
    this.#enter(callId)
  }

  /** It is to be heard of within `ms`; else it has left. */
  expect(callId: string, ms: number): void {
    const { signal } = this.#enter(callId)
    if (this.#closed) this.leave(callId)
    else this.#clock.after(ms, () => this.leave(callId), signal)
  }

  /** Harmless when it is not here. */
  leave(callId: string): void {
    const heard = this.#calls.get(callId)
    if (heard === undefined) return
    heard.abort()
    this.#calls.delete(callId)
    this.#onLeft(callId)
    if (this.#calls.size === 0) for (const wake of this.#waiting) wake()
  }

  /** Resolves when no call is here, after `ms` at the latest. */
  async settle(ms: number): Promise<void> {
    if (this.#calls.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = new AbortController()
    this.#waiting.add(resolve)
    this.#clock.after(ms, resolve, done.signal)
    await promise
    this.#waiting.delete(resolve)
    done.abort()
  }

  /** Nobody is here any more, but whoever is live. */
  [Symbol.dispose](): void {
    this.#closed = true
    for (const callId of [...this.#calls.keys()]) this.leave(callId)
  }

  #enter(callId: string): AbortController {
    this.#calls.get(callId)?.abort()
    const heard = new AbortController()
    this.#calls.set(callId, heard)
    return heard
  }
}
