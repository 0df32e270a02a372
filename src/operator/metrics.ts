import { createHash, timingSafeEqual } from 'node:crypto'
import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'
import type { HttpReply, PageRoute, Visitor } from '../base/http.ts'
import { isFromThisMachine } from '../base/this-machine.ts'
import type { CallEvent } from '../call/events.ts'

/** Measurements of one process by themselves: event loop, memory, CPU. Plain data, for the way between processes. */
export type Vitals = readonly MetricObjectWithValues<MetricValue<string>>[]

interface Load {
  readonly worker: string
  readonly ready: boolean
  readonly liveCalls: number
  readonly mediaSockets: number
  readonly deaths: number
}

/** What the page needs from the rest of the house. */
export interface MetricsPageOptions {
  /** What a scraper shows as its bearer token. Without one, only this machine itself may look. */
  readonly token: string | undefined
  /** This process's name among the workers. */
  readonly self: string
  /** What each process that carries calls has to do. */
  readonly load: () => readonly Load[]
  /** Vitals of the other processes, by their name; who does not answer is left out. */
  readonly vitals: () => Promise<ReadonlyMap<string, Vitals>>
}

/** Answers on the telephone: a quarter of a second is excellent, five are a caller who hangs up [s]. */
const ANSWER_BUCKETS_S = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 5, 10]
const CONNECT_BUCKETS_S = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10]

/** A tenth of a second is a person who listens; the model alone takes one [s]. */
const YIELD_BUCKETS_S = [0.06, 0.08, 0.1, 0.12, 0.16, 0.2, 0.3, 0.5, 1, 2]

let own: Registry | undefined

/** Measures this process from now until it ends, however often it is called; returns how to read its vitals. */
export function watchThisProcess(): () => Promise<Vitals> {
  const registry = own ?? new Registry()
  if (own === undefined) collectDefaultMetrics({ register: registry })
  own = registry
  return () => registry.getMetricsAsJSON()
}

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
  readonly #connecting = new Set<string>()
  readonly #answered = this.#counter('calls_answered_total', 'Calls that were answered.')
  readonly #ended = this.#counter(
    'calls_ended_total',
    'Streams of calls that ended, by why; who is handed over may come back and end again.',
    'reason',
  )
  readonly #connectFailures = this.#counter('connect_failures_total', 'Calls that reached no model, by why.', 'code')
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
  readonly #deaths = this.#counter('worker_deaths_total', 'How often this worker died; its calls were lost.', 'worker')
  readonly #ready = this.#gauge('worker_ready', '1: this process takes calls.')

  /** Takes a call's events as they happen. */
  fold(callId: string, event: CallEvent): void {
    switch (event.type) {
      case 'answered':
        if (event.resumed !== true) this.#answered.inc()
        this.#connecting.add(callId)
        return
      case 'connected':
        this.#connecting.delete(callId)
        this.#connectS.observe(event.atMs / 1000)
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

  /** `GET /metrics` for a scraper that may look; 403 for anybody else. */
  page(options: MetricsPageOptions): PageRoute {
    const admits = scraperGate(options.token)
    return {
      path: '/metrics',
      show: async (visitor) =>
        admits(visitor) ? this.#text(options) : { status: 403, type: 'text/plain', body: 'Forbidden' },
    }
  }

  #end(callId: string, { reason, code, counters }: Extract<CallEvent, { type: 'ended' }>): void {
    this.#ended.inc({ reason })
    if (this.#connecting.delete(callId) && reason === 'provider-lost') {
      this.#connectFailures.inc({ code: code ?? 'unknown' })
    }
    this.#turns.inc(counters.turns)
    this.#audio.inc({ kind: 'caller' }, counters.callerMs / 1000)
    this.#audio.inc({ kind: 'agent' }, counters.agentMs / 1000)
    this.#audio.inc({ kind: 'heard' }, counters.heardMs / 1000)
  }

  async #text({ self, load, vitals }: MetricsPageOptions): Promise<HttpReply> {
    const others = await vitals()
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

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ ...this.#named(name, help), labelNames: ['worker'] })
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ ...this.#named(name, help), buckets })
  }

  #named(name: string, help: string) {
    return { name: `offhook_${name}`, help, registers: [this.#registry] }
  }
}

/** The label keeps processes apart, so nothing is summed, and nothing need be left out because it cannot be. */
function labelled(metric: Vitals[number], worker: string): Vitals[number] {
  const values = metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } }))
  return { ...metric, aggregator: 'sum', values }
}

function scraperGate(token: string | undefined): (visitor: Visitor) => boolean {
  if (token === undefined) return isFromThisMachine
  const expected = digest(`Bearer ${token}`)
  return ({ headers }) => {
    const given = headers['authorization']
    // Digests are of one length, so the time tells nothing of the token's either.
    return typeof given === 'string' && timingSafeEqual(digest(given), expected)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
