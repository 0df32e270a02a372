import type { CallArchive } from '../../call/archive.ts'
import type { CallEvent } from '../../call/events.ts'
import { recollect, recollectedTypes } from '../../call/recollect.ts'
import type { CallRecord, CallStore, RecalledCall } from '../../call/store.ts'
import { keptOf } from '../kept-event.ts'
import { standing } from '../standing.ts'
import { archiveOver, CallHistory } from './history.ts'

/** Bounds are counts, ages in [ms]. */
export interface MemoryStoreOptions {
  /** [ms since 1970] */
  readonly now: () => number
  /** Of more calls the oldest are forgotten, those that are over before the others. Default 1000. */
  readonly maxCalls?: number
  /** Of more events of a call the oldest are forgotten. Default 2000. */
  readonly maxEvents?: number
  /** Of more events of all calls those of the oldest calls are forgotten. Default 100,000: some 30 MB. */
  readonly maxAllEvents?: number
  /** Several that pass for processes have this one object: tests. Default false: nobody else sees it. */
  readonly isShared?: boolean
  /** Calls that were opened longer ago make room before any other. Default a day: no carrier lets a call last longer. */
  readonly maxAgeMs?: number
  /** Tickets that are remembered at a time; with more, none can be claimed. Default 100,000. */
  readonly maxTickets?: number
}

/**
 * What is kept of calls in this process alone: it dies with it. Of more than it can hold the oldest is forgotten, and what
 * is too old when `forget` is called.
 */
export function openMemoryStore(options: MemoryStoreOptions): CallStore & CallArchive {
  const store = new MemoryStore(options)
  return Object.assign(store, archiveOver(store.all, store.call))
}

interface Kept {
  readonly firstAt: number
  record: CallRecord | undefined
  /** What `recollect` goes by: of a long call more of these than of all. */
  talk: CallEvent[]
  /** When its latest stream was answered. */
  stream: number | undefined
  readonly history: CallHistory
}

class MemoryStore implements CallStore {
  readonly #options: Required<MemoryStoreOptions>
  /** In the order in which they were first heard of. */
  readonly #calls = new Map<string, Kept>()
  readonly #tickets = new Map<string, number>()
  #events = 0
  #disposed = false

  constructor(options: MemoryStoreOptions) {
    this.#options = {
      maxCalls: 1000,
      maxEvents: 2000,
      maxAllEvents: 100_000,
      isShared: false,
      maxAgeMs: 86_400_000,
      maxTickets: 100_000,
      ...options,
    }
  }

  get isShared(): boolean {
    return this.#options.isShared
  }

  /** Calls as those see them who look back. */
  readonly all = () => {
    this.#check()
    return this.#calls.entries().map(([callId, call]) => pastOf(callId, call))
  }

  readonly call = (callId: string) => {
    this.#check()
    const call = this.#calls.get(callId)
    return call === undefined ? undefined : pastOf(callId, call)
  }

  keep(record: CallRecord): void {
    if (this.#disposed) return
    const call = this.#call(record.callId)
    call.record = standing(call.record, record)
  }

  append(callId: string, told: CallEvent): void {
    if (this.#disposed) return
    const call = this.#call(callId)
    const event = keptOf(told)
    const at = this.#options.now()
    if (event.type === 'answered') call.stream = event.answeredAt ?? at
    call.stream ??= at
    const before = call.history.size
    call.history.add({ stream: call.stream, at, event })
    this.#events += call.history.size - before
    if (this.#events > this.#options.maxAllEvents) this.#shed(callId)
    if (!recollectedTypes.has(event.type)) return
    call.talk.push(event)
    const { maxEvents } = this.#options
    // A quarter at a time: moving the rest for each one would cost more than keeping them.
    if (call.talk.length > maxEvents * 1.25) call.talk = call.talk.slice(-maxEvents)
  }

  async recall(callId: string): Promise<RecalledCall | undefined> {
    this.#check()
    const call = this.#calls.get(callId)
    if (call?.record === undefined) return undefined
    return { ...call.record, said: recollect(call.talk.slice(-this.#options.maxEvents)) }
  }

  async claim(ticket: string, untilAt: number): Promise<boolean> {
    this.#check()
    if (this.#tickets.has(ticket)) return false
    if (this.#tickets.size >= this.#options.maxTickets) this.#sweep()
    if (this.#tickets.size >= this.#options.maxTickets) throw new Error('store: too many tickets at a time')
    this.#tickets.set(ticket, untilAt)
    return true
  }

  async forget(beforeAt: number): Promise<number> {
    this.#check()
    this.#sweep()
    return this.#forget((call) => openedAt(call) < beforeAt)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#calls.clear()
    this.#tickets.clear()
  }

  #call(callId: string): Kept {
    const known = this.#calls.get(callId)
    if (known !== undefined) return known
    const now = this.#options.now()
    const { maxCalls, maxEvents } = this.#options
    const history = new CallHistory(maxEvents)
    const call: Kept = { firstAt: now, record: undefined, talk: [], stream: undefined, history }
    if (this.#calls.size >= maxCalls) this.#makeRoom(now)
    this.#calls.set(callId, call)
    return call
  }

  #makeRoom(now: number): void {
    this.#forget((call) => openedAt(call) < now - this.#options.maxAgeMs)
    if (this.#calls.size < this.#options.maxCalls) return
    const ids = [...this.#calls.keys()]
    this.#delete(ids.find((id) => this.#calls.get(id)?.record?.over) ?? ids[0])
  }

  /** The oldest calls that are over are forgotten whole; with none of them, the events of the oldest others. */
  #shed(latest: string): void {
    const most = this.#options.maxAllEvents * 0.9
    const older = [...this.#calls].filter(([callId]) => callId !== latest)
    for (const [callId, { record }] of older) if (this.#events > most && record?.over) this.#delete(callId)
    for (const [, { history }] of older) {
      if (this.#events <= most) return
      this.#events -= history.size
      history.shed()
    }
  }

  #delete(callId: string | undefined): void {
    const call = callId === undefined ? undefined : this.#calls.get(callId)
    if (callId === undefined || call === undefined) return
    this.#events -= call.history.size
    this.#calls.delete(callId)
  }

  #forget(old: (call: Kept) => boolean): number {
    const before = this.#calls.size
    for (const [callId, call] of this.#calls) if (old(call)) this.#delete(callId)
    return before - this.#calls.size
  }

  #sweep(): void {
    const now = this.#options.now()
    for (const [ticket, untilAt] of this.#tickets) if (untilAt < now) this.#tickets.delete(ticket)
  }

  #check(): void {
    if (this.#disposed) throw new Error('store: closed')
  }
}

function pastOf(callId: string, call: Kept) {
  return { callId, openedAt: openedAt(call), history: call.history }
}

function openedAt(call: Kept): number {
  return Math.round(call.record?.openedAt ?? call.firstAt)
}
