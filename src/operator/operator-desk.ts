import express, { type Express } from 'express'
import type { Clock } from '../base/clock.ts'
import { type Mount, refuseUpgrade, type UpgradeRoute } from '../base/http.ts'
import type { Logger } from '../base/log.ts'
import type { CallArchive } from '../call/archive.ts'
import type { PriceList } from '../call/cost.ts'
import type { CallEvent } from '../call/events.ts'
import type { CallShelf } from '../call/shelf.ts'
import type { Supervision } from '../call/supervision.ts'
import { Access, type AccessOptions } from './access.ts'
import type { HouseHealth } from './api.ts'
import { makeAudit } from './audit.ts'
import { BoardStream } from './board-stream.ts'
import { CallFolds } from './call-folds.ts'
import { callRoutes, isCallId } from './call-routes.ts'
import { commandRoutes, type SaveAsTest } from './command-routes.ts'
import { operatorAt, operatorOf, operatorsOnly, ownPagesOnly } from './guard.ts'
import { type HouseDirectory, historyRoutes } from './history-routes.ts'
import { LineSockets } from './line-socket.ts'
import { LiveBoard } from './live-board.ts'
import { pageHeaders } from './page-headers.ts'
import { pageRoute } from './page-route.ts'
import type { PhoneDoor } from './phone-door.ts'
import { phoneRoutes } from './phone-routes.ts'
import { PieceWork } from './pieces.ts'
import { answerProblem, problemHandler } from './problem.ts'
import { sessionRoutes } from './session-routes.ts'
import { Sessions } from './sessions.ts'
import { untilLeave } from './stay.ts'
import { Takeovers } from './takeovers.ts'

export interface OperatorDeskOptions {
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly log: Logger
  readonly archive: CallArchive
  /** `undefined`: nothing is recorded. */
  readonly shelf: CallShelf | undefined
  readonly supervision: Supervision
  readonly directory: () => HouseDirectory
  readonly health: () => HouseHealth
  readonly prices: PriceList
  readonly currency: string
  readonly access: AccessOptions
  /** What Vite has built; it need not exist. */
  readonly pageFolder: string
  readonly saveAsTest?: SaveAsTest
  /** Absent: the page has no telephone. */
  readonly phone?: PhoneDoor
}

/** What operators see and hear calls by. Disposing ends their streams and sockets. */
export interface OperatorDesk extends AsyncDisposable {
  readonly mount: Mount
  readonly upgrades: readonly UpgradeRoute[]
  /** Takes every event of every call as it happens, of whichever process. */
  take(callId: string, event: CallEvent): void
}

interface Inside extends Omit<OperatorDeskOptions, 'access'> {
  readonly access: Access
  readonly secureCookie: boolean
  readonly board: LiveBoard
  readonly stream: BoardStream
  readonly lines: LineSockets
  readonly audit: ReturnType<typeof makeAudit>
  readonly takeovers: Takeovers
  readonly folds: CallFolds
  readonly work: PieceWork
}

/**
 * The operators' part of the port.
 *
 * ```
 *   GET  /, /assets/…            the page
 *   any  /api/…                  headers ─▶ of our own page? ─▶ session ─▶ an operator? ─▶ board, history, call, command
 *   WS   /api/calls/…/audio      of our own page? ─▶ an operator? ─▶ the call's line
 *   call events ─▶ take ─▶ live board ─▶ its watchers
 * ```
 */
export function makeOperatorDesk(options: OperatorDeskOptions): OperatorDesk {
  const { clock, now, log, supervision, health } = options
  const closing = new AbortController()
  const sessions = new Sessions(clock)
  const board = new LiveBoard(now)
  const stream = new BoardStream({ board, health, clock })
  const takeovers = new Takeovers()
  const lines = new LineSockets({
    supervision,
    clock,
    maySpeak: (callId, operator) => takeovers.isBy(callId, operator),
  })
  const work = new PieceWork()
  const folds = new CallFolds({ events: (callId) => options.archive.events(callId), work, clock })
  const access = new Access(options.access, sessions, closing.signal)
  const { secureCookie } = options.access
  const inside = {
    ...options,
    access,
    secureCookie,
    board,
    stream,
    lines,
    audit: makeAudit(log, now),
    takeovers,
    folds,
    work,
  }
  const app = makeApp(inside)
  return {
    // An application is a handler too; its types say it only of Express's own requests.
    mount: { handle: app as unknown as Mount['handle'] },
    upgrades: upgradesOf(inside),
    take(callId, event) {
      takeovers.take(callId, event)
      folds.touch(callId)
      if (board.take(callId, event)) stream.touch(callId)
    },
    async [Symbol.asyncDispose]() {
      stream[Symbol.dispose]()
      await lines[Symbol.asyncDispose]()
      sessions[Symbol.dispose]()
      closing.abort()
    },
  }
}

function makeApp(inside: Inside): Express {
  const { access, secureCookie, stream, log } = inside
  const app = express()
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  app.set('trust proxy', (address: string) => access.isProxy(address))
  // Only files have one: nothing else of `/api` is ever kept.
  app.set('etag', () => undefined)
  const protect = pageHeaders(secureCookie)
  app.use('/api', protect, (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store')
    next()
  })
  app.use('/api', ownPagesOnly(access), sessionRoutes(inside), operatorsOnly(access))
  app.get('/api/board', ({ method }, response) => {
    if (method === 'HEAD') response.end()
    else if (stream.isFull) answerProblem(response, 503, 'Too many watch the board now.')
    else stream.watch(response, operatorOf(response))
  })
  const { saveAsTest } = inside
  app.use(
    '/api',
    historyRoutes(inside),
    callRoutes(inside),
    commandRoutes({ ...inside, saveAsTest, isLive: (callId) => inside.board.find(callId) !== undefined }),
  )
  if (inside.phone !== undefined) app.use('/api', phoneRoutes(inside.phone))
  app.use('/api', (_request, response) => answerProblem(response, 404, 'There is no such thing.'))
  app.use(pageRoute(inside.pageFolder, access, protect))
  app.use(problemHandler(log))
  return app
}

/** Nobody's call is cut because a proxy has not been asked again [ms]. */
const LONGEST_PHONE_CALL_MS = 4 * 3_600_000

function upgradesOf({ access, lines, audit, phone, clock }: Inside): readonly UpgradeRoute[] {
  const sound: UpgradeRoute = {
    ...{ path: '/api/calls', below: true },
    upgrade(request, socket, head) {
      const operator = operatorAt(access, request)
      const callId = /^\/api\/calls\/([^/?]+)\/audio\/?(\?|$)/.exec(request.url ?? '')?.[1] ?? ''
      if (typeof operator === 'number') refuseUpgrade(socket, operator)
      else if (!isCallId(callId)) refuseUpgrade(socket, 404)
      else lines.open(callId, operator, [request, socket, head], () => audit(operator, 'listen', { callId }))
    },
  }
  if (phone === undefined) return [sound]
  const media: UpgradeRoute = {
    path: '/api/phone/media',
    upgrade(request, socket, head) {
      const operator = operatorAt(access, request)
      if (typeof operator === 'number') refuseUpgrade(socket, operator)
      else {
        const left = untilLeave(operator, clock, LONGEST_PHONE_CALL_MS, () => socket.destroy())
        socket.once('close', left)
        phone.upgrade(request, socket, head)
      }
    },
  }
  return [sound, media]
}
