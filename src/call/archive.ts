import type { ErrorCode } from '../base/errors.ts'
import type { CallEvent, EndReason } from './events.ts'
import type { Usage } from './provider.ts'

/** Tokens of one call, or of many, that one provider bills. */
export interface ProviderUsage extends Usage {
  readonly provider: string
}

/** A call in one line, folded from its events. Times are [ms since 1970]. */
export interface CallSummary {
  readonly callId: string
  readonly openedAt: number
  /** Absent: it is live, or nobody was left to say. */
  readonly endedAt?: number
  /** Caller and called number as the carrier gave them; empty: withheld, or not known. */
  readonly from: string
  readonly to: string
  /** The agent's name. */
  readonly agent: string
  /** Who answered last. */
  readonly provider: string
  readonly reason?: EndReason
  readonly code?: ErrorCode
  /** From the answer to the end, pauses between its streams included [ms]. */
  readonly durationMs: number
  /** How many streams it had. */
  readonly streams: number
  readonly turns: number
  readonly bargeIns: number
  /** Tools that were called. */
  readonly tools: number
  /** Times that its model was lost. */
  readonly losses: number
  /** From the end of the caller's speech to the first sound of the answer [ms]; absent: none was measured. */
  readonly latencyP50Ms?: number
  readonly latencyP95Ms?: number
  readonly usage: readonly ProviderUsage[]
}

/** What calls are looked for by; all that is given must hold. */
export interface CallFilter {
  /** Part of the caller's or the called number, digits in this order. */
  readonly number?: string
  readonly agent?: string
  readonly reason?: EndReason
  /** Opened at or after, and before [ms since 1970]. */
  readonly fromAt?: number
  readonly untilAt?: number
  /** Words that somebody said in it, in any case. */
  readonly words?: string
}

/** Where the next page begins; opaque. */
export interface CallPage {
  /** Newest first. */
  readonly calls: readonly CallSummary[]
  /** Absent: these were the last. */
  readonly next?: string
}

/** An event as it is kept: with its stream, which is named by when it was answered, and when it happened [ms since 1970]. */
export interface KeptEvent {
  readonly stream: number
  readonly at: number
  readonly event: CallEvent
}

/** All calls of one stretch of time, in sum. */
export interface Totals {
  readonly calls: number
  /** Of those that have ended, by why. */
  readonly byReason: Readonly<Partial<Record<EndReason, number>>>
  readonly durationMs: number
  readonly turns: number
  readonly bargeIns: number
  readonly latencyP50Ms?: number
  readonly latencyP95Ms?: number
  readonly usage: readonly ProviderUsage[]
}

/** The same for one day (UTC) or hour, whose beginning is `at` [ms since 1970]. */
export interface TrendPoint extends Totals {
  readonly at: number
}

/** Reads what is kept of calls. Each question throws an Error when the store does not answer in time. */
export interface CallArchive {
  /** @param limit 1 to 500. */
  search(filter: CallFilter, limit: number, next?: string): Promise<CallPage>
  summary(callId: string): Promise<CallSummary | undefined>
  /** Oldest first, at most 20,000; empty: there is no such call. */
  events(callId: string): Promise<readonly KeptEvent[]>
  totals(filter: CallFilter): Promise<Totals>
  /** Oldest first; steps without calls are left out, and of more than 400 the oldest. */
  trend(filter: CallFilter, step: 'hour' | 'day'): Promise<readonly TrendPoint[]>
  /** Names of agents that have had calls, in order. */
  agents(): Promise<readonly string[]>
}
