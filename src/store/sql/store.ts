import { randomInt } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { CallArchive } from '../../call/archive.ts'
import type { CallEvent } from '../../call/events.ts'
import type { CallRecord, CallStore, RecalledCall } from '../../call/store.ts'
import { keptOf } from '../kept-event.ts'
import { type Ask, archiveBy } from './archive.ts'
import { Backlog, type BacklogBounds } from './backlog.ts'
import { type Batch, type FromThread, LATEST_STREAM, type Place, type StoreWorkerData } from './messages.ts'
import { Questions } from './questions.ts'
import { Thread } from './thread.ts'

/** From the first thing put in to its being sent to be written, with all that came meanwhile. A commit takes 1 to 20 ms. */
const GROUP_MS = 25
/** For what waits when the store is closed. */
const CLOSE_MS = 2000
const LOG_EVERY_MS = 10_000
/** The setting that says where each database is. */
const settings = { sqlite: 'DATA_DIR', postgres: 'DATABASE_URL' } as const
/** Calls whose stream is remembered. */
const MAX_STREAMS = 10_000

/** What a store in a database takes. */
export interface SqlStoreOptions {
  readonly log: Logger
  readonly clock?: Clock
  /** [ms since 1970] */
  readonly now?: () => number
  readonly backlog?: Partial<BacklogBounds>
  /** Starts the thread that holds the connection. */
  readonly spawn?: (data: StoreWorkerData) => Worker
}

/** How a store is. Counts are of events and records. */
interface StoreHealth {
  readonly waiting: number
  /** How long the oldest of them has waited [ms]. */
  readonly lagMs: number
  /** Those that were given up, since the store was opened. */
  readonly dropped: number
  /** Nothing can be written at the moment, and `waiting` grows. */
  readonly failing: boolean
}

/** A store that says how it is. */
export interface SqlStore extends CallStore, CallArchive {
  readonly health: StoreHealth
  /** As of any store; no further than the calls at which it is when `signal` aborts. */
  forget(beforeAt: number, signal?: AbortSignal): Promise<number>
}

/**
 * Opens what is kept of calls in a database, in a thread of its own.
 *
 * ```
 *   keep, append ─▶ backlog ── 25 ms ─▶ thread: commit ─▶ written ─▶ the next …       no room, no database: it waits there,
 *                   (bounded)  one batch at a time                                    and is asked all the same
 *   recall, claim, forget ────────────▶ thread ─▶ answer, or in 1 s none
 *   search, events, totals … ─────────▶ thread, piece by piece ─▶ answer, or in 10 s none
 * ```
 * @throws Error that names the setting which says where the database is, and why it cannot be had.
 */
export async function openSqlStore(place: Place, options: SqlStoreOptions): Promise<SqlStore> {
  const store = new Store(place, options)
  await store.open()
  return Object.assign(store, archiveBy(store.ask))
}

function spawnThread(workerData: StoreWorkerData): Worker {
  return new Worker(new URL('./store-worker.ts', import.meta.url), { workerData, execArgv: [], env: {} })
}

class Store implements CallStore {
  readonly isShared = true
  readonly #setting: string
  readonly #log: Logger
  readonly #clock: Clock
  readonly #now: () => number
  readonly #thread: Thread
  readonly #backlog: Backlog
  /** On its way; if its thread dies the next one gets it. */
  #sent: { readonly batch: Batch; readonly sinceMs: number } | undefined
  #waitsSinceMs: number | undefined
  #due = false
  readonly #questions: Questions
  readonly #streams = new Map<string, number>()
  #seq = 0
  #dropped = 0
  #failing = false
  #loggedMs = Number.NEGATIVE_INFINITY
  readonly #closed = new AbortController()
  #idle: (() => void) | undefined

  constructor(place: Place, options: SqlStoreOptions) {
    this.#setting = settings[place.type]
    this.#log = options.log
    this.#clock = options.clock ?? systemClock
    this.#now = options.now ?? Date.now
    this.#backlog = new Backlog(options.backlog ?? {})
    this.#questions = new Questions(this.#clock, (message) => {
      if (this.#thread.ready) this.#thread.post(message)
    })
    const { spawn = spawnThread } = options
    const data: StoreWorkerData = { place, writer: randomInt(2 ** 47) }
    this.#thread = new Thread({
      setting: this.#setting,
      spawn: () => spawn(data),
      clock: this.#clock,
      ready: () => this.#onReady(),
      heard: (message) => this.#onMessage(message),
      crashed: (error) => {
        this.#failing = true
        this.#complain("the store's thread died; it is started again", { reason: error.message })
      },
    })
  }

  async open(): Promise<void> {
    await this.#thread.start()
  }

  /** What the archive is asked: what was put in before is on its way to be written. */
  readonly ask: Ask = (question) => {
    this.#send()
    return this.#questions.ask(question)
  }

  get health(): StoreHealth {
    const { batch } = this.#sent ?? {}
    const sinceMs = this.#sent?.sinceMs ?? this.#waitsSinceMs
    return {
      waiting: this.#backlog.size + (batch === undefined ? 0 : batch.events.length + batch.records.length),
      lagMs: sinceMs === undefined ? 0 : this.#clock.now() - sinceMs,
      dropped: this.#dropped,
      failing: this.#failing,
    }
  }

  keep(record: CallRecord): void {
    if (this.#closed.signal.aborted) return
    if (!this.#backlog.addRecord(record)) this.#drop(1)
    this.#schedule()
  }

  append(callId: string, event: CallEvent): void {
    if (this.#closed.signal.aborted) return
    const at = Math.round(this.#now())
    const { type, atMs } = event
    const stream = this.#streamOf(callId, type, event.type === 'answered' ? Math.round(event.answeredAt ?? at) : at)
    const text = JSON.stringify(keptOf(event))
    if (!this.#backlog.addEvent({ callId, stream, seq: this.#seq++, at, atMs, type, event: text })) this.#drop(1)
    this.#schedule()
  }

  recall(callId: string): Promise<RecalledCall | undefined> {
    this.#send()
    return this.#questions.ask<'recall'>({ type: 'recall', callId, waiting: this.#backlog.of(callId) })
  }

  claim(ticket: string, untilAt: number): Promise<boolean> {
    return this.#questions.ask<'claim'>({ type: 'claim', ticket, untilAt, now: this.#now() })
  }

  async forget(beforeAt: number, signal?: AbortSignal): Promise<number> {
    this.#send()
    let all = 0
    for (;;) {
      const count = await this.#questions.ask<'forget'>({ type: 'forget', beforeAt })
      all += count
      if (count === 0 || signal?.aborted) break
    }
    await this.#questions.ask<'scrub'>({ type: 'scrub' })
    return all
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return
    const untilMs = this.#clock.now() + CLOSE_MS
    const flushed = Promise.withResolvers<void>()
    this.#closed.abort()
    this.#idle = flushed.resolve
    const late = new AbortController()
    this.#clock.after(CLOSE_MS, flushed.resolve, late.signal)
    // The clock keeps no process alive, and with nothing else open it would end before anybody hears what was lost.
    const awake = setInterval(() => {}, CLOSE_MS)
    this.#send()
    if (this.health.waiting > 0) await flushed.promise
    late.abort()
    clearInterval(awake)
    const { waiting } = this.health
    if (waiting > 0) this.#log.error({ waiting }, 'the store was closed before all was written')
    this.#questions.close()
    await this.#thread.end(Math.max(100, untilMs - this.#clock.now()))
  }

  /** Streams are told apart by when they were answered. */
  #streamOf(callId: string, type: CallEvent['type'], at: number): number {
    if (type === 'analysed') return LATEST_STREAM
    const known = type === 'answered' ? undefined : this.#streams.get(callId)
    if (type === 'ended') this.#streams.delete(callId)
    else if (known === undefined) {
      this.#streams.set(callId, at)
      const [oldest] = this.#streams.size > MAX_STREAMS ? this.#streams.keys() : []
      if (oldest !== undefined) this.#streams.delete(oldest)
    }
    return known ?? at
  }

  #schedule(): void {
    const nowMs = this.#clock.now()
    this.#waitsSinceMs ??= nowMs
    if (this.#due || this.#sent !== undefined || !this.#thread.ready) return
    this.#due = true
    this.#clock.after(
      Math.max(0, this.#waitsSinceMs + GROUP_MS - nowMs),
      () => {
        this.#due = false
        this.#send()
      },
      this.#closed.signal,
    )
  }

  #send(): void {
    if (this.#sent !== undefined || !this.#thread.ready || this.#backlog.size === 0) return
    const batch = this.#backlog.take()
    this.#sent = { batch, sinceMs: this.#waitsSinceMs ?? this.#clock.now() }
    this.#waitsSinceMs = this.#backlog.size === 0 ? undefined : this.#sent.sinceMs
    this.#thread.post({ type: 'write', batch })
  }

  /** The thread is new: what the last one had not written, and not answered, it gets again. */
  #onReady(): void {
    if (this.#sent !== undefined) this.#thread.post({ type: 'write', batch: this.#sent.batch })
    else this.#send()
    this.#questions.repeat()
  }

  #onMessage(message: FromThread): void {
    switch (message.type) {
      case 'written':
        this.#onWritten(message.dropped, message.reason)
        return
      case 'failing':
        this.#failing = true
        this.#complain('calls cannot be written at the moment', { reason: message.reason })
        return
      case 'unfolded':
        this.#complain('calls are kept, but it cannot be said what they come to', { calls: message.calls })
        return
      case 'there':
        this.#recovered()
        return
      case 'part':
      case 'answered':
      case 'unanswered':
        this.#questions.settle(message)
    }
  }

  #onWritten(dropped: number, reason: string | undefined): void {
    this.#sent = undefined
    if (dropped > 0) this.#drop(dropped, reason)
    this.#recovered()
    if (this.#backlog.behind || this.#closed.signal.aborted) this.#send()
    else if (this.#backlog.size > 0) this.#schedule()
    if (this.health.waiting === 0) this.#idle?.()
  }

  #recovered(): void {
    if (!this.#failing) return
    this.#failing = false
    const { waiting } = this.health
    this.#log.warn({ setting: this.#setting, waiting, dropped: this.#dropped }, 'calls are written again')
  }

  #drop(count: number, reason?: string): void {
    this.#dropped += count
    this.#complain('what cannot be written of calls is dropped', reason === undefined ? {} : { reason })
  }

  /** No more than one line in ten seconds, whatever goes wrong. */
  #complain(message: string, fields: { readonly reason?: string; readonly calls?: number }): void {
    const nowMs = this.#clock.now()
    if (nowMs - this.#loggedMs < LOG_EVERY_MS) return
    this.#loggedMs = nowMs
    this.#log.error(
      { setting: this.#setting, ...fields, waiting: this.health.waiting, dropped: this.#dropped },
      message,
    )
  }
}
