import type { CallRecord } from '../../call/store.ts'
import { standing } from '../standing.ts'
import type { Batch, EventRow } from './messages.ts'

/** 100 calls fill it in eight minutes in which nothing can be written. */
const MAX_EVENTS = 100_000
const MAX_CHARACTERS = 16 * 1024 * 1024
const MAX_RECORDS = 10_000
/** What is committed together: some 20 ms of work. */
const BATCH = 1000

/** What the backlog may hold, in events, characters of their JSON, and records. */
export interface BacklogBounds {
  readonly events: number
  readonly characters: number
  readonly records: number
}

/**
 * What waits to be written. At its bound it takes no more events, so that those it has are without gaps, and the records
 * that were put in first make room for the newest; of a call it holds one record, the newest.
 */
export class Backlog {
  readonly #bounds: BacklogBounds
  #events: EventRow[] = []
  #characters = 0
  readonly #records = new Map<string, CallRecord>()

  constructor(bounds: Partial<BacklogBounds>) {
    this.#bounds = { events: MAX_EVENTS, characters: MAX_CHARACTERS, records: MAX_RECORDS, ...bounds }
  }

  get size(): number {
    return this.#events.length + this.#records.size
  }

  /** Whether one batch does not hold it. */
  get behind(): boolean {
    return this.#events.length > BATCH
  }

  /** False: it is full. */
  addEvent(row: EventRow): boolean {
    const characters = this.#characters + row.event.length
    if (this.#events.length >= this.#bounds.events || characters > this.#bounds.characters) return false
    this.#characters = characters
    this.#events.push(row)
    return true
  }

  /** False: another call's had to make room. */
  addRecord(record: CallRecord): boolean {
    const { callId } = record
    const newest = standing(this.#records.get(callId), record)
    this.#records.delete(callId)
    this.#records.set(callId, newest)
    if (this.#records.size <= this.#bounds.records) return true
    const [oldest] = this.#records.keys()
    if (oldest !== undefined) this.#records.delete(oldest)
    return false
  }

  /** The next to be written; all records, for there are few. */
  take(): Batch {
    const events = this.#events.slice(0, BATCH)
    this.#events = this.#events.slice(BATCH)
    this.#characters -= events.reduce((sum, { event }) => sum + event.length, 0)
    const records = [...this.#records.values()]
    this.#records.clear()
    return { events, records }
  }

  /** What of one call waits. */
  of(callId: string): Batch {
    const record = this.#records.get(callId)
    return {
      events: this.#events.filter((row) => row.callId === callId),
      records: record === undefined ? [] : [record],
    }
  }
}
