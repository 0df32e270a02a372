import type { CallEvent } from '../../call/events.ts'
import { recollect, recollectedTypes } from '../../call/recollect.ts'
import type { CallRecord, CallStore, RecalledCall } from '../../call/store.ts'
import { keptOf } from '../kept-event.ts'
import { standing } from '../standing.ts'

/** Bounds are counts, ages in [ms]. */
export interface MemoryStoreOptions {
  /** [ms since 1970] */
  readonly now: () => number
  /** Of more calls the oldest are forgotten, those that are over before the others. Default 2000. */
  readonly maxCalls?: number
  /** Of more events of a call the oldest are forgotten. Default 2000. */
  readonly maxEvents?: number
  /** Several that pass for processes have this one object: tests. Default false: nobody else sees it. */
  readonly isShared?: boolean
  /** Calls that were opened longer ago are forgotten. Default a day: no carrier lets a call last longer. */
  readonly maxAgeMs?: number
  /** Tickets that are remembered at a time; with more, none can be claimed. Default 100,000. */
  readonly maxTickets?: number
}

/** What is kept of calls in this process alone: it dies with it. */
export function openMemoryStore(options: MemoryStoreOptions): CallStore {
  return new MemoryStore(options)
}

interface Kept {
  readonly firstAt: number
  record: CallRecord | undefined
  events: CallEvent[]
}

class MemoryStore implements CallStore {
  readonly #options: Required<MemoryStoreOptions>
  /** In the order in which they were first heard of. */
  readonly #calls = new Map<string, Kept>()
  readonly #tickets = new Map<string, number>()
  #disposed = false

  constructor(options: MemoryStoreOptions) {
    this.#options = {
      maxCalls: 2000,
      maxEvents: 2000,
      isShared: false,
      maxAgeMs: 86_400_000,
      maxTickets: 100_000,
      ...options,
    }
  }

  get isShared(): boolean {
    return this.#options.isShared
  }

  keep(record: CallRecord): void {
    if (this.#disposed) return
    const call = this.#call(record.callId)
    call.record = standing(call.record, record)
  }

  append(callId: string, event: CallEvent): void {
    // Nothing here shows the others: a log needs a store that lasts.
    if (this.#disposed || !recollectedTypes.has(event.type)) return
    const call = this.#call(callId)
    call.events.push(keptOf(event))
    const { maxEvents } = this.#options
    // A quarter at a time: moving the rest for each one would cost more than keeping them.
    if (call.events.length > maxEvents * 1.25) call.events = call.events.slice(-maxEvents)
  }

  async recall(callId: string): Promise<RecalledCall | undefined> {
    this.#check()
    const call = this.#calls.get(callId)
    if (call?.record === undefined) return undefined
    return { ...call.record, said: recollect(call.events.slice(-this.#options.maxEvents)) }
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
    const call: Kept = { firstAt: now, record: undefined, events: [] }
    if (this.#calls.size >= this.#options.maxCalls) this.#makeRoom(now)
    this.#calls.set(callId, call)
    return call
  }

  #makeRoom(now: number): void {
    this.#forget((call) => openedAt(call) < now - this.#options.maxAgeMs)
    if (this.#calls.size < this.#options.maxCalls) return
    const ids = [...this.#calls.keys()]
    const victim = ids.find((id) => this.#calls.get(id)?.record?.over) ?? ids[0]
    if (victim !== undefined) this.#calls.delete(victim)
  }

  #forget(old: (call: Kept) => boolean): number {
    const before = this.#calls.size
    for (const [callId, call] of this.#calls) if (old(call)) this.#calls.delete(callId)
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

function openedAt(call: Kept): number {
  return call.record?.openedAt ?? call.firstAt
}
