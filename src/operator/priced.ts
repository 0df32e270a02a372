import type { CallSummary, Totals } from '../call/archive.ts'
import { costOf, type PriceList } from '../call/cost.ts'
import type { PricedCall, PricedTotals } from './api.ts'
import type { LiveBoard } from './live-board.ts'

/** What is known of calls besides what is kept of them. */
export interface CallFactsNow {
  readonly prices: PriceList
  readonly board: Pick<LiveBoard, 'find'>
  /** [ms since 1970] */
  readonly now: () => number
}

/** A call, what it cost, and whether it is live. */
export function pricedCall(call: CallSummary, { prices, board, now }: CallFactsNow): PricedCall {
  const cost = costOf(call.usage, prices)
  const priced = cost === undefined ? call : { ...call, cost }
  if (board.find(call.callId) === undefined) return priced
  return { ...priced, live: true, durationMs: Math.max(call.durationMs, now() - call.openedAt) }
}

/** A sum of calls, and what they cost. */
export function pricedTotals<T extends Totals>(totals: T, prices: PriceList): PricedTotals<T> {
  const cost = costOf(totals.usage, prices)
  return cost === undefined ? totals : { ...totals, cost }
}
