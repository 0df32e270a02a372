import type { CallRecord, RecalledCall } from '../../call/store.ts'

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

/** What each question is answered by. */
export interface Answers {
  readonly recall: RecalledCall | undefined
  readonly claim: boolean
  readonly forget: number
  readonly scrub: boolean
}

/** What a thread is started with. */
export interface SqliteWorkerData {
  readonly directory: string
  /** The store whose thread it is: another one after a crash has the same. */
  readonly writer: number
  /** What the database may grow to [bytes]. */
  readonly maxBytes: number | undefined
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
  /** Not yet: the disk is full, or another process holds the database. It goes on trying. */
  | { readonly type: 'failing'; readonly reason: string }
  | { readonly type: 'answered'; readonly id: number; readonly answer: Answers[Question['type']] }
  | { readonly type: 'unanswered'; readonly id: number; readonly reason: string }
