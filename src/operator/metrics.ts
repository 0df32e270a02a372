import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { HttpReply, PageRoute } from '../base/http.ts'
import type { Refusal } from '../call/admission.ts'
import type { CallEvent } from '../call/events.ts'
import type { Happening } from '../call/info.ts'
import { scraperGate } from './scraper-gate.ts'
import { labelled, type Vitals, watchThisProcess } from './vitals.ts'

interface Load {
  readonly worker: string
  readonly ready: boolean
  readonly liveCalls: number
  readonly mediaSockets: number
  readonly deaths: number
}

/** What the house knows at the moment that it is asked; a total never falls while the process lives. */
export interface Readings {
  /** Changes of calls that wait to be kept, for how long the oldest has [ms], and how many were given up. */
  readonly store: { readonly waiting: number; readonly lagMs: number; readonly dropped: number }
  /** The lag that new calls are turned away for: the worst of all processes [ms]. */
  readonly lagMs: number
}

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

/** Answers on the telephone: a quarter of a second is excellent, five are a caller who hangs up [s]. */
const ANSWER_BUCKETS_S = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 10]
const CONNECT_BUCKETS_S = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10]

/** A tenth of a second is a person who listens; the model alone takes one [s]. */
const YIELD_BUCKETS_S = [0.06, 0.08, 0.1, 0.12, 0.16, 0.2, 0.3, 0.5, 1, 2]

/**
 * One view of everything, whatever the number of processes.
 *
 * ```
 *   call events of all processes ── fold ──▶ counters, here: they do not fall when a worker dies
 *   load of the room ──────────────────────▶ gauges, a line a worker
 *   vitals, asked for at each scrape ──────▶ the same names, with a `worker` label
 * ```
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #vitals = watchThisProcess()
  /** Who each call speaks to, and whether it has reached that yet. */
  readonly #models = new Map<string, { provider: string; isConnecting: boolean }>()
  readonly #answered = this.#counter('calls_answered_total', 'Calls that were answered.')
  readonly #ended = this.#counter(
    'calls_ended_total',
    'Streams of calls that ended, by why; who is handed over may come back and end again.',
    'reason',
  )
  readonly #connectFailures = this.#counter('connect_failures_total', 'Calls that reached no model, by why.', 'code')
  readonly #lost = this.#counter(
    'provider_losses_total',
    'Times that a call lost its model, by whose it was; most find it again, or another one.',
    'provider',
  )
  readonly #restored = this.#counter(
    'provider_restorations_total',
    'Times that a call that had lost its model went on with one, by whose that is.',
    'provider',
  )
  readonly #renewed = this.#counter(
    'sessions_renewed_total',
    'Sessions that were replaced before their longest time, by whose they are.',
    'provider',
  )
  readonly #cameBack = this.#counter(
    'calls_resumed_total',
    'Times that a caller was given another stream of the same call, by what had happened.',
    'why',
  )
  readonly #turnedAway = this.#counter(
    'calls_turned_away_total',
    'Times that a call was given the overflow plan instead of a line, by why; one that waits is asked for again.',
    'why',
  )
  readonly #strangers = this.#counter(
    'stream_tokens_refused_total',
    'Media streams that were closed because their token was not good, by why.',
    'why',
  )
  readonly #bargeIns = this.#counter('barge_ins_total', 'Times that a caller spoke over the agent.')
  readonly #resumed = this.#counter(
    'holds_resumed_total',
    'Times that the agent fell silent for a sound that was no barge-in, and went on.',
  )
  readonly #turns = this.#counter('caller_turns_total', 'Turns of callers, counted when a call ends.')
  readonly #audio = this.#counter(
    'audio_seconds_total',
    'Sound of ended calls: taken from callers, made by the agent, and of that heard.',
    'kind',
  )
  readonly #connectS = this.#histogram(
    'connect_seconds',
    'From the answer of a call until the model was ready.',
    CONNECT_BUCKETS_S,
  )
  readonly #answerS = this.#histogram(
    'answer_latency_seconds',
    'From the end of the caller’s speech, measured on the sound, to the first sound of the answer.',
    ANSWER_BUCKETS_S,
  )
  readonly #yieldS = this.#histogram(
    'yield_seconds',
    'From the beginning of the caller’s speech over the agent to the agent’s silence, as far as our own ear heard it.',
    YIELD_BUCKETS_S,
  )
  readonly #liveCalls = this.#gauge('live_calls', 'Calls that are live now.')
  readonly #mediaSockets = this.#gauge(
    'media_sockets',
    'Open media sockets, also before a call’s start and after its end.',
  )
  readonly #deaths = this.#counter(
    'worker_deaths_total',
    'How often this worker died; its calls went on in another one.',
    'worker',
  )
  readonly #ready = this.#gauge('worker_ready', '1: this process takes calls.')
  readonly #storeQueue = this.#gauge('store_queue', 'Changes of calls that wait to be kept.', [])
  readonly #storeLag = this.#gauge('store_lag_seconds', 'How long the oldest of them has waited.', [])
  readonly #storeDropped = this.#counter(
    'store_dropped_total',
    'Changes of calls that were not kept, because more waited than may, or they could not be written.',
  )
  readonly #lag = this.#gauge(
    'admission_lag_seconds',
    'The event loop’s p99 lag that new calls are turned away for: the worst of all processes.',
    [],
  )

  /** Takes a call's events as they happen. */
  fold(callId: string, event: CallEvent): void {
    switch (event.type) {
      case 'answered':
        if (event.resumed !== true) this.#answered.inc()
        this.#models.set(callId, { provider: event.provider, isConnecting: true })
        return
      case 'connected':
        this.#models.set(callId, { provider: event.provider, isConnecting: false })
        this.#connectS.observe(event.atMs / 1000)
        return
      case 'provider-lost':
        this.#lost.inc({ provider: this.#models.get(callId)?.provider ?? 'unknown' })
        return
      case 'provider-restored':
        this.#models.set(callId, { provider: event.provider, isConnecting: false })
        this.#restored.inc({ provider: event.provider })
        return
      case 'session-renewed':
        this.#renewed.inc({ provider: event.provider })
        return
      case 'agent-audible':
        if (event.latencyMs !== undefined) this.#answerS.observe(event.latencyMs / 1000)
        return
      case 'barge-in':
        this.#bargeIns.inc()
        if (event.yieldMs !== undefined) this.#yieldS.observe(event.yieldMs / 1000)
        return
      case 'resumed':
        this.#resumed.inc()
        return
      case 'ended':
        this.#end(callId, event)
        return
      default:
    }
  }

  /** A caller is given another stream. */
  cameBack(why: Happening['type']): void {
    this.#cameBack.inc({ why })
  }

  /** A call does not come in now. */
  turnedAway(why: Refusal): void {
    this.#turnedAway.inc({ why })
  }

  /** A stream came that nobody had announced, or that came before. */
  strangerRefused(why: string): void {
    this.#strangers.inc({ why })
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

  #end(callId: string, { reason, code, counters }: Extract<CallEvent, { type: 'ended' }>): void {
    this.#ended.inc({ reason })
    if (this.#models.get(callId)?.isConnecting === true && reason === 'provider-lost') {
      this.#connectFailures.inc({ code: code ?? 'unknown' })
    }
    this.#models.delete(callId)
    this.#turns.inc(counters.turns)
    this.#audio.inc({ kind: 'caller' }, counters.callerMs / 1000)
    this.#audio.inc({ kind: 'agent' }, counters.agentMs / 1000)
    this.#audio.inc({ kind: 'heard' }, counters.heardMs / 1000)
  }

  async #text({ self, load, vitals, readings }: MetricsPageOptions): Promise<HttpReply> {
    const others = await vitals()
    const { store, lagMs } = readings()
    this.#storeQueue.set(store.waiting)
    this.#storeLag.set(store.lagMs / 1000)
    this.#storeDropped.reset()
    this.#storeDropped.inc(store.dropped)
    this.#lag.set(lagMs / 1000)
    this.#deaths.reset()
    for (const { worker, ready, liveCalls, mediaSockets, deaths } of load()) {
      this.#liveCalls.set({ worker }, liveCalls)
      this.#mediaSockets.set({ worker }, mediaSockets)
      this.#deaths.inc({ worker }, deaths)
      this.#ready.set({ worker }, ready ? 1 : 0)
    }
    const processes = new Map([[self, await this.#vitals()], ...others])
    const view = AggregatorRegistry.aggregate([
      await this.#registry.getMetricsAsJSON(),
      ...[...processes].map(([worker, metrics]) => metrics.map((metric) => labelled(metric, worker))),
    ])
    return { status: 200, type: view.contentType, body: await view.metrics() }
  }

  #counter(name: string, help: string, label?: string): Counter {
    return new Counter({ ...this.#named(name, help), labelNames: label === undefined ? [] : [label] })
  }

  #gauge(name: string, help: string, labelNames = ['worker']): Gauge {
    return new Gauge({ ...this.#named(name, help), labelNames })
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ ...this.#named(name, help), buckets })
  }

  #named(name: string, help: string) {
    return { name: `offhook_${name}`, help, registers: [this.#registry] }
  }
}
