import type { CallFilter, CallPage } from '../call/archive.ts'
import type { PricedCall } from './api.ts'

/** How calls are written out. */
export type ExportFormat = 'csv' | 'jsonl'

/** More calls than a spreadsheet is good for. */
const MAX_CALLS = 100_000
const PAGE = 500

type Cell = string | number | undefined

const columns: Readonly<Record<string, (call: PricedCall) => Cell>> = {
  callId: ({ callId }) => callId,
  openedAt: ({ openedAt }) => isoOf(openedAt),
  endedAt: ({ endedAt }) => (endedAt === undefined ? undefined : isoOf(endedAt)),
  from: ({ from }) => from,
  to: ({ to }) => to,
  agent: ({ agent }) => agent,
  provider: ({ provider }) => provider,
  reason: ({ reason }) => reason,
  code: ({ code }) => code,
  durationMs: ({ durationMs }) => durationMs,
  streams: ({ streams }) => streams,
  turns: ({ turns }) => turns,
  bargeIns: ({ bargeIns }) => bargeIns,
  tools: ({ tools }) => tools,
  losses: ({ losses }) => losses,
  latencyP50Ms: ({ latencyP50Ms }) => latencyP50Ms,
  latencyP95Ms: ({ latencyP95Ms }) => latencyP95Ms,
  inputTokens: ({ usage }) => sum(usage.map(({ inputTokens }) => inputTokens)),
  inputAudioTokens: ({ usage }) => sum(usage.map(({ inputAudioTokens }) => inputAudioTokens)),
  outputTokens: ({ usage }) => sum(usage.map(({ outputTokens }) => outputTokens)),
  outputAudioTokens: ({ usage }) => sum(usage.map(({ outputAudioTokens }) => outputAudioTokens)),
  cost: ({ cost }) => cost,
}

/**
 * All calls that a filter finds, newest first, as text in pieces of one page each: never more than that is in memory. At most
 * 100,000 calls.
 * @throws what `search` throws.
 */
export async function* exportCalls(
  format: ExportFormat,
  search: (limit: number, next: string | undefined) => Promise<CallPage>,
  priced: (call: CallPage['calls'][number]) => PricedCall,
): AsyncGenerator<string> {
  // Spreadsheets take a file for their own code page, not UTF-8, unless it begins with this mark.
  let head = format === 'csv' ? `\uFEFF${Object.keys(columns).join(',')}\r\n` : ''
  let next: string | undefined
  let left = MAX_CALLS
  do {
    const page = await search(Math.min(PAGE, left), next)
    yield head + page.calls.map((call) => rowOf(format, priced(call))).join('')
    head = ''
    left -= page.calls.length
    next = page.calls.length === 0 ? undefined : page.next
  } while (next !== undefined && left > 0)
}

/** What an export of these calls is called. */
export function exportName(format: ExportFormat, filter: CallFilter, now: number): string {
  const untilAt = Math.min(filter.untilAt ?? now, now)
  return `calls-until-${isoOf(untilAt).slice(0, 10)}.${format}`
}

function rowOf(format: ExportFormat, call: PricedCall): string {
  if (format === 'jsonl') return `${JSON.stringify(call)}\n`
  return `${Object.values(columns)
    .map((cell) => cellOf(cell(call)))
    .join(',')}\r\n`
}

/**
 * One cell (RFC 4180). A spreadsheet takes what begins so for a formula and would run it: it is made a text by an
 * apostrophe. A telephone number, `+` and digits, does no harm and stays as it is.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
function cellOf(value: Cell): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const isFormula = /^\s*[=+\-@\t\r＝＋－＠]/.test(value) && !/^\+\d{1,20}$/.test(value)
  const safe = isFormula ? `'${value}` : value
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe
}

function isoOf(at: number): string {
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : ''
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
