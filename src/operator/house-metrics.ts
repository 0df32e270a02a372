import type { Refusal } from '../call/admission.ts'
import type { Happening } from '../call/info.ts'
import type { Instruments } from './instruments.ts'

/** What one process that carries calls has to do. */
export interface Load {
  readonly worker: string
  readonly ready: boolean
  readonly liveCalls: number
  readonly mediaSockets: number
  readonly deaths: number
}

/** What the house knows at the moment that it is asked; a total never falls while the process lives. */
export interface Readings {
  readonly store: {
    /** Changes of calls that wait to be kept, for how long the oldest has [ms], and how many were given up. */
    readonly waiting: number
    readonly lagMs: number
    readonly dropped: number
    /** Nothing can be written at the moment: a full disk, a lost database. Absent: not. */
    readonly failing?: boolean
  }
  /** The lag that new calls are turned away for: the worst of all processes [ms]. */
  readonly lagMs: number
}

/** All there are, checked by the compiler. */
const refusals = Object.keys({
  draining: true,
  'model-down': true,
  'all-lines-busy': true,
  'caller-busy': true,
  'number-busy': true,
  'caller-too-often': true,
  'number-too-often': true,
  lagging: true,
} satisfies Record<Refusal, true>)
const happenings = Object.keys({
  'transfer-failed': true,
  'digits-sent': true,
  'line-broke': true,
} satisfies Record<Happening['type'], true>)

/** What each of the things that are done when a call is over may come to. */
const afterCall = {
  analysis: ['done', 'counted', 'retried', 'repaired', 'failed', 'refused'],
  webhook: ['delivered', 'retried', 'refused', 'given-up', 'dropped'],
} as const

export type AfterCallKind = keyof typeof afterCall
export type AfterCallOutcome = (typeof afterCall)[AfterCallKind][number]

/** What is counted of the house around the calls: who comes in, what is kept, and how its processes are. */
export class HouseMetrics {
  readonly cameBack
  readonly turnedAway
  readonly strangers
  readonly refused
  readonly afterCall
  readonly #levels: ReturnType<typeof levelsOf>

  constructor(make: Instruments) {
    this.#levels = levelsOf(make)
    this.cameBack = make.counter(
      'calls_resumed_total',
      'Times that a caller was given another stream of the same call, by what had happened.',
      'why',
    )
    this.turnedAway = make.counter(
      'calls_turned_away_total',
      'Times that a call was given the overflow plan instead of a line, by why; one that waits is asked for again.',
      'why',
    )
    this.strangers = make.counter(
      'stream_tokens_refused_total',
      'Media streams that were closed because their token was not good, by why.',
      'why',
    )
    this.refused = make.counter(
      'requests_refused_total',
      'Webhooks and upgrades that were refused with 403: not signed as they must be, or of another account.',
      'door',
    )
    this.afterCall = make.counter(
      'after_call_total',
      'Webhooks and analyses of calls that are over, by how each try went.',
      'kind',
      'outcome',
    )
    // An increase is seen from zero only.
    for (const why of refusals) this.turnedAway.add({ why }, 0)
    for (const why of happenings) this.cameBack.add({ why }, 0)
    for (const [kind, outcomes] of Object.entries(afterCall)) {
      for (const outcome of outcomes) this.afterCall.add({ kind, outcome }, 0)
    }
  }

  /** Sets what is read, for who looks now. */
  show({ store, lagMs }: Readings, load: readonly Load[]): void {
    const { queue, lag, dropped, failing, admissionLag, liveCalls, mediaSockets, deaths, ready } = this.#levels
    queue.set({}, store.waiting)
    lag.set({}, store.lagMs / 1000)
    dropped.restart()
    dropped.add({}, store.dropped)
    failing.set({}, store.failing === true ? 1 : 0)
    admissionLag.set({}, lagMs / 1000)
    deaths.restart()
    for (const { worker, ...has } of load) {
      liveCalls.set({ worker }, has.liveCalls)
      mediaSockets.set({ worker }, has.mediaSockets)
      deaths.add({ worker }, has.deaths)
      ready.set({ worker }, has.ready ? 1 : 0)
    }
  }
}

function levelsOf(make: Instruments) {
  return {
    queue: make.gauge('store_queue', 'Changes of calls that wait to be kept.'),
    lag: make.gauge('store_lag_seconds', 'How long the oldest of them has waited.'),
    dropped: make.counter(
      'store_dropped_total',
      'Changes of calls that were not kept, because more waited than may, or they could not be written.',
    ),
    failing: make.gauge('store_failing', '1: nothing can be kept at the moment; a full disk, or a lost database.'),
    admissionLag: make.gauge(
      'admission_lag_seconds',
      'The event loop’s p99 lag that new calls are turned away for: the worst of all processes.',
    ),
    liveCalls: make.gauge('live_calls', 'Calls that are live now.', 'worker'),
    mediaSockets: make.gauge(
      'media_sockets',
      'Open media sockets, also before a call’s start and after its end.',
      'worker',
    ),
    deaths: make.counter(
      'worker_deaths_total',
      'How often this worker died; its calls went on in another one.',
      'worker',
    ),
    ready: make.gauge('worker_ready', '1: this process takes calls.', 'worker'),
  }
}
