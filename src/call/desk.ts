import type { Clock } from '../base/clock.ts'
import type { Ticker } from '../base/ticker.ts'
import type { FindAgent } from './agent.ts'
import { answer } from './answer.ts'
import type { CarrierLeg } from './carrier.ts'
import type { MakeEar } from './ear.ts'
import type { CallEvent } from './events.ts'
import type { CallInfo, Farewell } from './info.ts'
import { LiveCalls } from './live-calls.ts'
import { type Opening, openSession } from './opening.ts'
import { Standing } from './standing.ts'
import type { Supervision } from './supervision.ts'
import type { OpenTap } from './tap.ts'

/** Takes the events of all calls, each with its call's id. */
export type DeskEventSink = (callId: string, event: CallEvent) => void

export interface DeskOptions {
  readonly findAgent: FindAgent
  readonly clock: Clock
  readonly ticker: Ticker
  readonly makeEar: MakeEar
  readonly onEvent: DeskEventSink
  /** The time of day [ms since 1970]. */
  readonly now: () => number
  /** Listens to whole streams, where somebody is to. */
  readonly openTap?: OpenTap | undefined
}

/** How long a call may take from its announcement to its stream [ms]; then its session is given back. */
const EXPECTED_MS = 20_000

/** A stream that is lost ends at once; a new one of the same call waits for that, so that its events come in order [ms]. */
const ENDING_MS = 500

/** A call that is announced. `settled` resolves when it has come, or will not any more. */
interface Expected {
  readonly opening: Opening
  readonly came: AbortController
  readonly settled: PromiseWithResolvers<void>
}

/**
 * Where all calls of this process are answered, so that a deploy can wait for them.
 *
 * ```
 *   expect ─▶ the model's session is opened ── answer, of the same call ──▶ live ─▶ ended
 *                                          └── nobody comes in 20 s ──▶ released
 *   open ── drain(ms) ──▶ draining ── last call ended, none is announced, or time is up: stopped ──▶ empty
 * ```
 */
export class Desk {
  readonly #findAgent: FindAgent
  readonly #clock: Clock
  readonly #ticker: Ticker
  readonly #makeEar: MakeEar
  readonly #onEvent: DeskEventSink
  readonly #now: () => number
  readonly #openTap: OpenTap | undefined
  readonly #calls = new LiveCalls()
  readonly #expected = new Map<string, Expected>()
  readonly #standing: Standing
  readonly #live = new Set<Promise<Farewell>>()
  /** The latest stream of each call. */
  readonly #streams = new Map<string, Promise<Farewell>>()
  readonly #stop = new AbortController()
  #draining = false

  constructor({ findAgent, clock, ticker, makeEar, onEvent, now, openTap }: DeskOptions) {
    this.#now = now
    this.#openTap = openTap
    this.#findAgent = findAgent
    this.#clock = clock
    this.#standing = new Standing(clock)
    this.#ticker = ticker
    this.#makeEar = makeEar
    this.#onEvent = onEvent
  }

  /** Whether a new call is welcome. */
  get open(): boolean {
    return !this.#draining
  }

  /** How operators reach into the calls. */
  get supervision(): Supervision {
    return this.#calls
  }

  get liveCalls(): number {
    return this.#live.size
  }

  /** A call is announced: its model is opened while the carrier opens the stream. Once a stream of the call. */
  expect(info: CallInfo): void {
    if (this.#stop.signal.aborted) return
    this.#takeExpected(info.callId)?.abandon(new Error('the call was announced again'))
    const came = new AbortController()
    const opening = openSession(this.#findAgent(info), info, this.#standing, this.#clock)
    this.#expected.set(info.callId, { opening, came, settled: Promise.withResolvers() })
    const nobody = () => this.#takeExpected(info.callId)?.abandon(new Error('the call never came'))
    this.#clock.after(EXPECTED_MS, nobody, came.signal)
  }

  /** Answers a call, announced or not; resolves when both its ends are released. */
  async answer(leg: CarrierLeg, info: CallInfo): Promise<Farewell> {
    const opening =
      this.#takeExpected(info.callId) ?? openSession(this.#findAgent(info), info, this.#standing, this.#clock)
    const before = this.#streams.get(info.callId)
    if (before !== undefined) await this.#ended(before)
    using live = new DisposableStack()
    const call = answer(leg, info, opening, {
      clock: this.#clock,
      now: this.#now,
      openTap: this.#openTap,
      onLive: (handle) => live.use(this.#calls.add(leg.callId, handle)),
      ticker: this.#ticker,
      makeEar: this.#makeEar,
      stop: this.#stop.signal,
      onEvent: (event) => this.#onEvent(leg.callId, event),
    })
    this.#live.add(call)
    this.#streams.set(info.callId, call)
    try {
      return await call
    } finally {
      this.#live.delete(call)
      if (this.#streams.get(info.callId) === call) this.#streams.delete(info.callId)
    }
  }

  async #ended(stream: Promise<unknown>): Promise<void> {
    const ended = new AbortController()
    const late = new Promise<void>((resolve) => this.#clock.after(ENDING_MS, resolve, ended.signal))
    await Promise.race([stream.catch(() => {}), late])
    ended.abort()
  }

  /**
   * Takes no new calls, lets live ones, and those that are announced, finish for at most `ms`, then stops them. Resolves
   * when none is left.
   */
  async drain(ms: number): Promise<void> {
    this.#draining = true
    const empty = new AbortController()
    this.#clock.after(ms, () => this.#stopAll(), empty.signal)
    if (ms <= 0) this.#stopAll()
    while (this.#live.size + this.#expected.size > 0) {
      const announced = [...this.#expected.values()].map(({ settled }) => settled.promise)
      await Promise.allSettled([...this.#live, ...announced])
    }
    empty.abort()
    this.#stopAll()
  }

  #stopAll(): void {
    this.#stop.abort()
    for (const callId of this.#expected.keys()) this.#takeExpected(callId)?.abandon(new Error('we are shutting down'))
  }

  #takeExpected(callId: string): Opening | undefined {
    const expected = this.#expected.get(callId)
    expected?.came.abort()
    expected?.settled.resolve()
    this.#expected.delete(callId)
    return expected?.opening
  }
}
