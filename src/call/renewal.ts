import type { Clock } from '../base/clock.ts'
import type { RealtimeProvider } from './provider.ts'
import type { Reached } from './reach.ts'

/** Of a session's longest time so much is used before a silent moment is waited for. */
const USED = 0.9
/** From one attempt to the next [ms]. */
const AGAIN_MS = 5000

type State =
  | { readonly type: 'idle' }
  | { readonly type: 'opening'; readonly abandon: AbortController }
  | { readonly type: 'there'; readonly reached: Reached }

/**
 * The next session of a model whose sessions are closed after a certain time.
 *
 * ```
 *   began ── 90 % of its time ──▶ a silent moment: opening ──▶ there, and still silent ──▶ taken
 *                                     ▲                 └─ somebody speaks: given back, for it has not heard that
 *                                     └── 5 s later, at the earliest ──┘
 * ```
 * When no moment comes in time the service closes the old one, and that is a loss like any other.
 */
export class Renewal implements Disposable {
  readonly #open: (provider: RealtimeProvider, signal: AbortSignal) => Promise<Reached>
  readonly #clock: Clock
  readonly #over: AbortSignal
  #dueMs = Number.POSITIVE_INFINITY
  #triedMs = Number.NEGATIVE_INFINITY
  #state: State = { type: 'idle' }

  /** @param open opens a session of a provider's, once. @param over the call is over. */
  constructor(
    open: (provider: RealtimeProvider, signal: AbortSignal) => Promise<Reached>,
    clock: Clock,
    over: AbortSignal,
  ) {
    this.#open = open
    this.#clock = clock
    this.#over = over
  }

  /** A session is in use from now on, another one than before. */
  began({ sessionMs }: RealtimeProvider, nowMs: number): void {
    this.#dueMs = sessionMs === undefined ? Number.POSITIVE_INFINITY : nowMs + USED * sessionMs
    this.#giveBack()
  }

  /** @param quiet nobody speaks and nothing is waited for. Returns the session that is to be used from now on. */
  look(provider: RealtimeProvider, quiet: boolean): Reached | undefined {
    const state = this.#state
    const nowMs = this.#clock.now()
    if (state.type === 'idle') {
      if (quiet && nowMs >= this.#dueMs && nowMs >= this.#triedMs + AGAIN_MS) this.#begin(provider, nowMs)
      return undefined
    }
    if (!quiet) {
      this.#giveBack()
      return undefined
    }
    if (state.type === 'opening') return undefined
    this.#state = { type: 'idle' }
    return state.reached
  }

  [Symbol.dispose](): void {
    this.#giveBack()
  }

  #begin(provider: RealtimeProvider, nowMs: number): void {
    this.#triedMs = nowMs
    const abandon = new AbortController()
    const opening: State = { type: 'opening', abandon }
    this.#state = opening
    this.#open(provider, AbortSignal.any([this.#over, abandon.signal])).then(
      (reached) => {
        if (this.#state === opening) this.#state = { type: 'there', reached }
        else void reached.session[Symbol.asyncDispose]()
      },
      () => {
        if (this.#state === opening) this.#state = { type: 'idle' }
      },
    )
  }

  #giveBack(): void {
    const state = this.#state
    this.#state = { type: 'idle' }
    if (state.type === 'there') void state.reached.session[Symbol.asyncDispose]()
    if (state.type === 'opening') state.abandon.abort(new Error('it is not needed any more'))
  }
}
