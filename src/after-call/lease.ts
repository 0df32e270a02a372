import type { CallStore } from '../call/store.ts'

/** How long whoever took a call up has it for themselves [ms]: an analysis takes ten minutes when all goes wrong. */
const LEASE_MS = 900_000
/** Calls that ended longer ago are left as they are [ms]. */
export const LOOK_BACK_MS = 3_600_000
const LAST_TURN = LOOK_BACK_MS / LEASE_MS - 1

/**
 * Who of several processes takes a call up, and what its receiver was told already: tickets of the store, so that it
 * outlives them.
 *
 * ```
 *   ended ├── lease 0 ──┼── lease 1 ──┼── lease 2 ──┼── lease 3 ──┤ left as it is     a lease is claimed once
 * ```
 * A store that does not answer holds nobody up: what is done twice has the same idempotency key.
 */
export class Lease {
  readonly #take: CallStore['claim']
  readonly #now: () => number

  constructor(claim: CallStore['claim'], now: () => number) {
    this.#take = claim
    this.#now = now
  }

  /** 0: this end is ours; else in so many [ms] it may be, for somebody else has it now; `undefined`: it is too late for that. */
  async take(end: string, endedAt: number): Promise<number | undefined> {
    const nowAt = this.#now()
    const turn = Math.min(LAST_TURN, Math.floor(Math.max(0, nowAt - endedAt) / LEASE_MS))
    const endsAt = endedAt + (turn + 1) * LEASE_MS
    const isOurs = await this.#claim(`after-call ${end} ${turn}`, endsAt + LEASE_MS)
    if (isOurs) return 0
    return turn === LAST_TURN ? undefined : Math.max(1, endsAt - nowAt)
  }

  /** Remembers that a webhook needs not be told any more; false: it was remembered before. */
  told(key: string): Promise<boolean> {
    return this.#claim(`told ${key}`, this.#now() + 2 * LOOK_BACK_MS)
  }

  async #claim(ticket: string, untilAt: number): Promise<boolean> {
    try {
      return await this.#take(ticket, untilAt)
    } catch {
      return true
    }
  }
}
