import type { HttpReply, PageRoute } from '../base/http.ts'
import type { Refusal } from '../call/admission.ts'
import type { CallEvent } from '../call/events.ts'
import type { Happening } from '../call/info.ts'
import { CallMetrics, type MetricsOptions } from './call-metrics.ts'
import { type AfterCallKind, type AfterCallOutcome, HouseMetrics, type Load, type Readings } from './house-metrics.ts'
import { Instruments } from './instruments.ts'
import { scraperGate } from './scraper-gate.ts'
import { labelled, type Vitals, watchThisProcess } from './vitals.ts'

/** What the page needs from the rest of the house. */
export interface MetricsPageOptions {
  /** What a scraper shows as its bearer token. Without one, only this machine itself may look. */
  readonly token: string | undefined
  /** Requests reach us through one: the public address is not on this machine. */
  readonly behindProxy: boolean
  /** This process's name among the workers. */
  readonly self: string
  /** What each process that carries calls has to do. */
  readonly load: () => readonly Load[]
  /** Vitals of the other processes, by their name; who does not answer is left out. */
  readonly vitals: () => Promise<ReadonlyMap<string, Vitals>>
  readonly readings: () => Readings
}

/**
 * One view of everything, whatever the number of processes.
 *
 * ```
 *   call events of all processes ── fold ──▶ counters, here: they do not fall when a worker dies
 *   load of the room, readings ────────────▶ gauges, a line a worker
 *   vitals, asked for at each scrape ──────▶ the same names, with a `worker` label
 * ```
 * What each number says, and when it is time to worry: docs/metrics.md.
 */
export class Metrics {
  readonly #vitals = watchThisProcess()
  readonly #instruments = new Instruments()
  readonly #calls: CallMetrics
  readonly #house = new HouseMetrics(this.#instruments)

  constructor(options: MetricsOptions = {}) {
    this.#calls = new CallMetrics(this.#instruments, options)
  }

  /** Takes a call's events as they happen. */
  fold(callId: string, event: CallEvent): void {
    this.#calls.fold(callId, event)
  }

  /** A caller is given another stream. */
  cameBack(why: Happening['type']): void {
    this.#house.cameBack.add({ why })
  }

  /** A call does not come in now. */
  turnedAway(why: Refusal): void {
    this.#house.turnedAway.add({ why })
  }

  /** A stream came that nobody had announced, or that came before. */
  strangerRefused(why: string): void {
    this.#house.strangers.add({ why })
  }

  /** A request, or an upgrade, was refused with 403; `door` is its path as we name it, never as it was asked for. */
  requestRefused(door: string): void {
    this.#house.refused.add({ door })
  }

  /** Something that is done when a call is over was done, will be tried again, or was given up. */
  afterCall(kind: AfterCallKind, outcome: AfterCallOutcome): void {
    this.#house.afterCall.add({ kind, outcome })
  }

  /** `GET /metrics` for a scraper that may look; 403 for anybody else. */
  page(options: MetricsPageOptions): PageRoute {
    const admits = scraperGate(options.token, options.behindProxy)
    return {
      path: '/metrics',
      show: async (visitor) =>
        admits(visitor) ? this.#text(options) : { status: 403, type: 'text/plain', body: 'Forbidden' },
    }
  }

  async #text({ self, load, vitals, readings }: MetricsPageOptions): Promise<HttpReply> {
    const others = await vitals()
    this.#calls.showStates()
    this.#house.show(readings(), load())
    const processes = new Map([[self, await this.#vitals()], ...others])
    const page = await this.#instruments.page(
      [...processes].map(([worker, metrics]) => metrics.map((metric) => labelled(metric, worker))),
    )
    return { status: 200, ...page }
  }
}
