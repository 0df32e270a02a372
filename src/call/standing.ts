import type { Clock } from '../base/clock.ts'
import type { RealtimeProvider } from './provider.ts'

/** How long who could not be reached is asked after the others [ms]. */
const DOUBTED_MS = 15_000

/** What the calls of one process have lately learnt of the providers: not each has to wait for one that is down. */
export class Standing {
  readonly #clock: Clock
  readonly #doubtedUntilMs = new Map<RealtimeProvider, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  failed(provider: RealtimeProvider): void {
    this.#doubtedUntilMs.set(provider, this.#clock.now() + DOUBTED_MS)
  }

  reached(provider: RealtimeProvider): void {
    this.#doubtedUntilMs.delete(provider)
  }

  /** Those in whom there is no doubt first, else in the order given. */
  inOrder(providers: readonly RealtimeProvider[]): readonly RealtimeProvider[] {
    const nowMs = this.#clock.now()
    for (const [provider, untilMs] of this.#doubtedUntilMs) {
      if (untilMs <= nowMs) this.#doubtedUntilMs.delete(provider)
    }
    return providers.toSorted((a, b) => Number(this.#doubtedUntilMs.has(a)) - Number(this.#doubtedUntilMs.has(b)))
  }
}
