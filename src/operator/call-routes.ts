import { resolve } from 'node:path'
import { Router } from 'express'
import type { Logger } from '../base/log.ts'
import type { CallArchive } from '../call/archive.ts'
import type { CallShelf } from '../call/shelf.ts'
import type { CallDetail, CallEvents } from './api.ts'
import type { Audit } from './audit.ts'
import { type FoldedCall, summaryOfLive } from './call-detail.ts'
import type { CallFolds } from './call-folds.ts'
import { operatorOf } from './guard.ts'
import { jsonPieces, linesPieces, type PieceWork } from './pieces.ts'
import { type CallFactsNow, pricedCall } from './priced.ts'
import { fromStore, ProblemError } from './problem.ts'

export interface CallRoutesOptions extends CallFactsNow {
  readonly archive: CallArchive
  readonly shelf: CallShelf | undefined
  readonly audit: Audit
  readonly log: Logger
  readonly folds: CallFolds
  readonly work: PieceWork
}

const NO_CALL = 'callId: expected one of a call that is kept here'
const NO_FILE = 'name: expected one of a file of this call'
const FILE_NAME = /^\d{1,16}\.(wav|flight)$/

/** What is kept of one call: its page, its events, its files. */
export function callRoutes(options: CallRoutesOptions): Router {
  const router = Router()
  const { archive, log, audit, work } = options
  router.param('callId', (_request, _response, next, callId: string) => {
    next(isCallId(callId) ? undefined : new ProblemError(404, NO_CALL))
  })
  router.get('/calls/:callId', async ({ params: { callId }, method }, response) => {
    const detail = await detailOf(options, callId)
    if (method === 'GET') audit(operatorOf(response), 'read', { callId })
    response.type('json').send(detail)
  })
  router.get('/calls/:callId/events', async ({ params: { callId }, method }, response) => {
    const answer: CallEvents = { events: await fromStore(archive.events(callId), log) }
    if (answer.events.length === 0) throw new ProblemError(404, NO_CALL)
    if (method === 'GET') audit(operatorOf(response), 'read', { callId })
    response.type('json').send(Buffer.concat(await work.run(jsonPieces(answer))))
  })
  router.get('/calls/:callId/events.jsonl', async ({ params: { callId }, method }, response) => {
    const events = await fromStore(archive.events(callId), log)
    if (events.length === 0) throw new ProblemError(404, NO_CALL)
    response.attachment(`${callId}.events.jsonl`)
    response.type('application/x-ndjson; charset=utf-8')
    if (method === 'GET') audit(operatorOf(response), 'export', { callId, lines: events.length })
    response.send(Buffer.concat(await work.run(linesPieces(events))))
  })
  router.get('/calls/:callId/files/:name', async ({ params: { callId, name }, query, method }, response, next) => {
    const path = FILE_NAME.test(name) ? await options.shelf?.pathOf(callId, name) : undefined
    if (path === undefined) throw new ProblemError(404, NO_FILE)
    if (method === 'GET') audit(operatorOf(response), 'download', { callId, name })
    const isSound = name.endsWith('.wav')
    if (!isSound || query['download'] !== undefined) response.attachment(`${callId}-${name}`)
    response.type(isSound ? 'audio/wav' : 'application/octet-stream')
    // The shelf vouches for the path; a folder of the operator's may well begin with a dot. One that is still being written
    // is sent as it is now.
    response.sendFile(resolve(path), { dotfiles: 'allow' }, (error) => {
      if (error !== undefined && error !== null && !response.headersSent) next(error)
    })
  })
  return router
}

/** Whether it can be the id of a call: it goes into a log, and into the name of a folder. */
export function isCallId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}

/** The JSON of a `CallDetail`. */
async function detailOf(options: CallRoutesOptions, callId: string): Promise<Buffer> {
  const { archive, shelf, board, log, now, folds } = options
  const [kept, files] = await Promise.all([fromStore(archive.summary(callId), log), shelf?.list(callId) ?? []])
  const live = board.find(callId)
  const summary = kept ?? (live === undefined ? undefined : summaryOfLive(live, now()))
  if (summary === undefined) throw new ProblemError(404, NO_CALL)
  const folded = await fromStore(folds.of(callId, live !== undefined), log)
  const rest: Omit<CallDetail, keyof FoldedCall> = {
    ...{ summary: pricedCall(summary, options), files },
    ...(live === undefined ? {} : { live }),
  }
  // Two objects, made one by what stands between their fields.
  return Buffer.concat([Buffer.from(`${JSON.stringify(rest).slice(0, -1)},`), folded.subarray(1)])
}
