import { once } from 'node:events'
import { type Response, Router } from 'express'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { CallArchive, CallFilter } from '../call/archive.ts'
import type { Directory, HistoryPage, Trends } from './api.ts'
import type { Audit } from './audit.ts'
import { type ExportFormat, exportCalls, exportName } from './export.ts'
import { operatorOf } from './guard.ts'
import { type CallFactsNow, pricedCall, pricedTotals } from './priced.ts'
import { answerProblem, fromStore } from './problem.ts'
import { endReasons, exportFields, filterOf, historyFields, readFields, trendFields } from './queries.ts'

/** Whom calls can be to, and put through to, as the house knows it now. */
export type HouseDirectory = Pick<Directory, 'agents' | 'transferTargets' | 'numbers'>

export interface HistoryRoutesOptions extends CallFactsNow {
  readonly archive: CallArchive
  readonly directory: () => HouseDirectory
  readonly currency: string
  readonly audit: Audit
  readonly log: Logger
  readonly clock: Clock
}

const PAGE = 50
/** Exports at a time: each keeps the store busy. */
const MAX_EXPORTS = 2
/** Of who reads nothing of an export for so long nothing more is expected [ms]. */
const PATIENCE_MS = 30_000

/** What calls there were: page by page, in sum, and as a file. */
export function historyRoutes(options: HistoryRoutesOptions): Router {
  const { archive, directory, prices, currency, log } = options
  const router = Router()
  router.get('/calls', async ({ query }, response) => {
    const read = readFields(historyFields, query)
    const { calls, next } = await fromStore(archive.search(filterOf(read), read.limit ?? PAGE, read.next), log)
    const page: HistoryPage = {
      calls: calls.map((call) => pricedCall(call, options)),
      ...(next === undefined ? {} : { next }),
    }
    response.json(page)
  })
  router.get('/trends', async ({ query }, response) => {
    const read = readFields(trendFields, query)
    const filter = filterOf(read)
    const asked = Promise.all([archive.totals(filter), archive.trend(filter, read.step ?? 'day')])
    const [totals, points] = await fromStore(asked, log)
    const trends: Trends = {
      ...{ currency, totals: pricedTotals(totals, prices) },
      points: points.map((point) => pricedTotals(point, prices)),
    }
    response.json(trends)
  })
  router.get('/agents', async (_request, response) => {
    const { agents, transferTargets, numbers } = directory()
    const known = await fromStore(archive.agents(), log)
    const all = [...new Set([...agents, ...known])].sort((a, b) => a.localeCompare(b))
    const answer: Directory = { agents: all, reasons: endReasons, transferTargets, numbers, currency }
    response.json(answer)
  })
  const running = { count: 0 }
  for (const format of ['csv', 'jsonl'] as const) {
    router.get(`/calls.${format}`, async ({ query, method }, response) => {
      const filter = filterOf(readFields(exportFields, query))
      if (method === 'HEAD') response.end()
      else await sendExport(options, running, [format, filter], response)
    })
  }
  return router
}

async function sendExport(
  options: HistoryRoutesOptions,
  running: { count: number },
  [format, filter]: readonly [ExportFormat, CallFilter],
  response: Response,
): Promise<void> {
  const { archive, audit, log, now, clock } = options
  if (running.count >= MAX_EXPORTS) {
    answerProblem(response, 503, 'Other exports are running. Try again when they are done.')
    return
  }
  const operator = operatorOf(response)
  running.count++
  audit(operator, 'export', { format })
  let calls = 0
  try {
    const search = (limit: number, next: string | undefined) => fromStore(archive.search(filter, limit, next), log)
    for await (const piece of exportCalls(format, search, (call) => pricedCall(call, options))) {
      // Only now: a store that does not answer is told by a status.
      if (!response.headersSent) begin(response, format, exportName(format, filter, now()))
      calls += piece.split('\n').length - 1
      if (!(await written(response, piece, clock))) return
    }
    response.end()
  } finally {
    running.count--
    audit(operator, 'export-ended', { format, lines: calls })
  }
}

function begin(response: Response, format: ExportFormat, name: string): void {
  response.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8')
  response.setHeader('Content-Disposition', `attachment; filename="${name}"`)
}

/** Waits until it was read; `false`: nobody reads any more. */
async function written(response: Response, piece: string, clock: Clock): Promise<boolean> {
  if (response.destroyed) return false
  if (response.write(piece)) return true
  const settled = new AbortController()
  clock.after(PATIENCE_MS, () => response.destroy(), settled.signal)
  const { signal } = settled
  const happened = (event: string) => once(response, event, { signal }).catch(() => {})
  await Promise.race([happened('drain'), happened('close')])
  settled.abort()
  return !response.destroyed
}
