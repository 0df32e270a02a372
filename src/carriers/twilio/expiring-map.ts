import type { Clock } from '../../base/clock.ts'

/** A memory that is bounded twice: an entry is gone after `ttlMs`, and the oldest goes when there are `maxEntries`. */
export class ExpiringMap<V> {
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #maxEntries: number
  /** In order of their expiry, since all live equally long. */
  readonly #entries = new Map<string, { readonly value: V; readonly dueMs: number }>()

  constructor(clock: Clock, ttlMs: number, maxEntries: number) {
    this.#clock = clock
    this.#ttlMs = ttlMs
    this.#maxEntries = maxEntries
  }

  get(key: string): V | undefined {
    this.#expire()
    return this.#entries.get(key)?.value
  }

  /** Sets the value and starts its time anew. */
  set(key: string, value: V): void {
    this.#expire()
    this.#entries.delete(key)
    if (this.full) for (const oldest of this.#entries.keys()) if (this.#entries.delete(oldest)) break
    this.#entries.set(key, { value, dueMs: this.#clock.now() + this.#ttlMs })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  /** Whether the next new entry would push out the oldest. */
  get full(): boolean {
    this.#expire()
    return this.#entries.size >= this.#maxEntries
  }

  #expire(): void {
    const nowMs = this.#clock.now()
    for (const [key, { dueMs }] of this.#entries) {
      if (dueMs > nowMs) return
      this.#entries.delete(key)
    }
  }
}
