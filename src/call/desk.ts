import type { Clock } from '../base/clock.ts'
import type { Ticker } from '../base/ticker.ts'
import { type Agent, answer } from './answer.ts'
import type { CarrierLeg } from './carrier.ts'
import type { CallEvent, CallOutcome } from './events.ts'

/** Takes the events of all calls, each with its call's id. */
export type DeskEventSink = (callId: string, event: CallEvent) => void

/**
 * Where all calls of this process are answered, so that a deploy can wait for them.
 *
 * ```
 *   open ── drain(ms) ──▶ draining ── last call ended, or time is up: stopped ──▶ empty
 * ```
 */
export class Desk {
  readonly #agent: Agent
  readonly #clock: Clock
  readonly #ticker: Ticker
  readonly #onEvent: DeskEventSink
  readonly #live = new Set<Promise<CallOutcome>>()
  readonly #stop = new AbortController()
  #draining = false

  constructor(agent: Agent, clock: Clock, ticker: Ticker, onEvent: DeskEventSink) {
    this.#agent = agent
    this.#clock = clock
    this.#ticker = ticker
    this.#onEvent = onEvent
  }

  /** Whether a new call is welcome. */
  get open(): boolean {
    return !this.#draining
  }

  get liveCalls(): number {
    return this.#live.size
  }

  /** Answers a call; resolves when both its ends are released. */
  async answer(leg: CarrierLeg): Promise<CallOutcome> {
    const call = answer(leg, this.#agent, {
      clock: this.#clock,
      ticker: this.#ticker,
      stop: this.#stop.signal,
      onEvent: (event) => this.#onEvent(leg.callId, event),
    })
    this.#live.add(call)
    try {
      return await call
    } finally {
      this.#live.delete(call)
    }
  }

  /** Takes no new calls, lets live ones finish for at most `ms`, then stops them. Resolves when none is left. */
  async drain(ms: number): Promise<void> {
    this.#draining = true
    const empty = new AbortController()
    this.#clock.after(ms, () => this.#stop.abort(), empty.signal)
    if (ms <= 0) this.#stop.abort()
    while (this.#live.size > 0) await Promise.allSettled(this.#live)
    empty.abort()
  }
}
