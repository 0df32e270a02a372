import type { EndReason } from '../../../call/events.ts'

/** What history is looked through by, as its form and its URL have it; days are `YYYY-MM-DD`, where the browser is. */
export interface Filter {
  readonly number?: string
  readonly agent?: string
  readonly reason?: EndReason
  readonly from?: string
  /** The last day that counts. */
  readonly until?: string
  readonly words?: string
  /** Where the page of results begins; it belongs to the rest of the filter. */
  readonly next?: string
}

const KEYS = ['number', 'agent', 'reason', 'from', 'until', 'words', 'next'] as const
const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Every reason that a call can end for, in the order in which they are offered. */
export const endReasons: readonly EndReason[] = [
  'caller-hung-up',
  'agent-hung-up',
  'operator-hung-up',
  'handed-over',
  'max-duration',
  'carrier-lost',
  'provider-lost',
  'shutdown',
]

/** Reads a query; what it does not know, and what is empty or no day, is left out. */
export function filterOf(query: string): Filter {
  const given = new URLSearchParams(query)
  const filter: Record<string, string> = {}
  for (const key of KEYS) {
    const value = given.get(key)?.trim() ?? ''
    if (value === '') continue
    if ((key === 'from' || key === 'until') && !DAY.test(value)) continue
    if (key === 'reason' && !endReasons.some((reason) => reason === value)) continue
    filter[key] = value
  }
  return filter
}

/** Writes what `filterOf` reads, for the page's own URL. */
export function queryOf(filter: Filter): string {
  const query = new URLSearchParams()
  for (const key of KEYS) {
    const value = filter[key]
    if (value !== undefined && value !== '') query.set(key, value)
  }
  return query.toString()
}

/** The same as the server asks for it: days become moments, the last one its end. */
export function serverQueryOf({ from, until, ...rest }: Filter): URLSearchParams {
  const query = new URLSearchParams(queryOf(rest))
  const fromAt = from === undefined ? undefined : midnight(from, 0)
  const untilAt = until === undefined ? undefined : midnight(until, 1)
  if (fromAt !== undefined) query.set('fromAt', String(fromAt))
  if (untilAt !== undefined) query.set('untilAt', String(untilAt))
  return query
}

/** How finely trends are drawn: by the hour up to three days, else by the day. */
export function stepOf({ from, until }: Filter, now: number): 'hour' | 'day' {
  const fromAt = from === undefined ? undefined : midnight(from, 0)
  if (fromAt === undefined) return 'day'
  const untilAt = until === undefined ? now : (midnight(until, 1) ?? now)
  return untilAt - fromAt <= 3 * 86_400_000 ? 'hour' : 'day'
}

/** Through the calendar and not by adding 24 hours: days in spring and autumn are shorter and longer. */
function midnight(day: string, daysLater: number): number | undefined {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const at = new Date(year, month - 1, date + daysLater).getTime()
  return Number.isNaN(at) ? undefined : at
}
