import type { CallFilter, CallPage, CallSummary, KeptEvent, Totals, TrendPoint } from '../../call/archive.ts'
import type { CallRecord, RecalledCall } from '../../call/store.ts'

/** The stream of an event that belongs to the latest one of its call, whichever process carried that. */
export const LATEST_STREAM = 0

/** One event on its way to the database. */
export interface EventRow {
  readonly callId: string
  /** When its stream was answered [ms since 1970]: orders the streams of a call, whichever process carried them. */
  readonly stream: number
  /** Counts the events of one store, so that none is written twice when a thread died after it had written. */
  readonly seq: number
  /** When it was put in [ms since 1970], and its own time [ms of the stream]. */
  readonly at: number
  readonly atMs: number
  readonly type: string
  /** JSON */
  readonly event: string
}

/** What is committed together. */
export interface Batch {
  readonly events: readonly EventRow[]
  readonly records: readonly CallRecord[]
}

/** What the store is asked; each is answered once, or not within the deadline. */
export type Question =
  /** `waiting`: what of the call has not been sent to be written yet. */
  | { readonly type: 'recall'; readonly callId: string; readonly waiting: Batch }
  | { readonly type: 'claim'; readonly ticket: string; readonly untilAt: number; readonly now: number }
  /** Some of those calls, so that others get their turn. Answered by their number: 0 when there are no more. */
  | { readonly type: 'forget'; readonly beforeAt: number }
  /** Takes what was deleted out of the log beside the database too. */
  | { readonly type: 'scrub' }
  | ArchiveQuestion

/** What is asked of kept calls: read piece by piece, and what is to be written goes between. */
export type ArchiveQuestion =
  | { readonly type: 'search'; readonly filter: CallFilter; readonly limit: number; readonly next: string | undefined }
  | { readonly type: 'summary'; readonly callId: string }
  | { readonly type: 'events'; readonly callId: string }
  | { readonly type: 'totals'; readonly filter: CallFilter }
  | { readonly type: 'trend'; readonly filter: CallFilter; readonly step: 'hour' | 'day' }
  | { readonly type: 'agents' }

/** What each question is answered by. */
export interface Answers {
  readonly recall: RecalledCall | undefined
  readonly claim: boolean
  readonly forget: number
  readonly scrub: boolean
  readonly search: CallPage
  readonly summary: CallSummary | undefined
  readonly events: readonly KeptEvent[]
  readonly totals: Totals
  readonly trend: readonly TrendPoint[]
  readonly agents: readonly string[]
}

/** Which database it is. */
export type Place =
  | {
      readonly type: 'sqlite'
      readonly directory: string
      /** What the database may grow to [bytes]. */
      readonly maxBytes: number | undefined
    }
  | { readonly type: 'postgres'; readonly url: string }

/** What a thread is started with. */
export interface StoreWorkerData {
  readonly place: Place
  /** The store whose thread it is: another one after a crash has the same. */
  readonly writer: number
}

export type ToThread =
  /** The next comes when this one is written. */
  | { readonly type: 'write'; readonly batch: Batch }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question; readonly deadlineMs: number }
  | { readonly type: 'end' }

export type FromThread =
  | { readonly type: 'ready' }
  /** The database cannot be opened, and why, for an operator. */
  | { readonly type: 'refused'; readonly reason: string }
  /** Committed, but for `dropped` of its events and records, that no database takes. */
  | { readonly type: 'written'; readonly dropped: number; readonly reason?: string }
  /** Of so many calls it cannot be said what their events come to: those are written, and their summaries stay. */
  | { readonly type: 'unfolded'; readonly calls: number }
  /** Not yet: the disk is full, the database is away or held by another process. It goes on trying. */
  | { readonly type: 'failing'; readonly reason: string }
  /** The database is there, which was away when nothing was to be written. */
  | { readonly type: 'there' }
  /** The next of many; the answer comes when they have all been told. */
  | { readonly type: 'part'; readonly id: number; readonly events: readonly KeptEvent[] }
  | { readonly type: 'answered'; readonly id: number; readonly answer: Answers[Question['type']] }
  | { readonly type: 'unanswered'; readonly id: number; readonly reason: string }
