import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import express, { type ErrorRequestHandler, type Express, type Response } from 'express'
import {
  type FormRoute,
  type HttpReply,
  type Mount,
  type PageRoute,
  refuseUpgrade,
  type UpgradeRoute,
} from './base/http.ts'
import type { Logger } from './base/log.ts'

/** What the rooms put on the port. */
export interface Doors {
  readonly routes: readonly FormRoute[]
  readonly pages: readonly PageRoute[]
  /** Asked, in order, for what is none of the above. */
  readonly mounts: readonly Mount[]
  readonly upgrades: readonly UpgradeRoute[]
}

export interface ServerOptions {
  /** 0: any that is free. */
  readonly port: number
  /** `undefined`: all addresses of the machine. */
  readonly host: string | undefined
  /** Called once, when the port is known; the doors are open from the first request on. */
  readonly mount: (port: number) => Doors
  /** What `/readyz` says: 200, or 503 while new calls are not welcome. */
  readonly ready: () => boolean
  readonly log: Logger
}

/** Disposing takes no new connection, waits up to a second for what is going on, and closes the rest. */
export interface Server extends AsyncDisposable {
  readonly port: number
}

/** How long disposing waits for requests in progress [ms]. */
const LAST_ORDERS_MS = 1000

/**
 * Listens for webhooks and media sockets on one port. It routes; the doors decide.
 *
 * ```
 *   GET /healthz          200 while the process lives
 *   GET /readyz           200 | 503
 *   POST <route.path>     the form, to its route
 *   GET <page.path>       to its page
 *   GET <upgrade.path>    the socket, to its upgrade; also with a number behind it: /7
 *   <any other>           to the mounts: the operators' page
 *   anything else         404
 * ```
 * @throws the error of `listen` (EADDRINUSE) or of `mount`; nothing is left open then.
 */
export async function startServer({ port, host, mount, ready, log }: ServerOptions): Promise<Server> {
  const app = express()
  // Half a request is no request: slow senders are cut off. Proxies keep idle connections for a minute.
  const http = createServer(
    { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 65_000, connectionsCheckingInterval: 5000 },
    app,
  )
  const upgraded = new Set<Duplex>()
  const boundPort = await listen(http, port, host)
  try {
    // In the turn that `listening` came: no request has been read yet.
    const doors = mount(boundPort)
    route(app, doors, ready, log)
    http.on('upgrade', (request, socket, head) => {
      upgraded.add(socket)
      socket.on('close', () => upgraded.delete(socket))
      // A socket that breaks before its door has it in hand would end the process.
      socket.on('error', () => {})
      const path = (request.url ?? '').split('?', 1)[0]?.replace(/\/+$/, '') ?? ''
      const door = doors.upgrades.find((upgrade) => leadsTo(upgrade, path))
      if (door === undefined) refuseUpgrade(socket, 404)
      else door.upgrade(request, socket, head)
    })
  } catch (error) {
    await close(http, upgraded)
    throw error
  }
  http.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else refuseUpgrade(socket, 400)
  })
  http.on('error', (error) => log.error({ err: error }, 'server error'))
  return { port: boundPort, [Symbol.asyncDispose]: () => close(http, upgraded) }
}

function leadsTo({ path, below }: UpgradeRoute, asked: string): boolean {
  return below === true ? asked.startsWith(`${path}/`) : [asked, asked.replace(/\/\d{1,4}$/, '')].includes(path)
}

function route(app: Express, { routes, pages, mounts }: Doors, ready: () => boolean, log: Logger): void {
  app.disable('x-powered-by')
  app.disable('etag')
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' })
  })
  app.get('/readyz', (_request, response) => {
    const isReady = ready()
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready' })
  })
  // Not `extended`: it would turn `a[b]=` into an object, and the signature is over what was sent.
  const form = express.urlencoded({ extended: false, limit: '64kb' })
  for (const door of routes) {
    app.post(door.path, form, async (request, response) => {
      const { originalUrl: url, headers, body } = request
      const { remoteAddress } = request.socket
      answer(response, await door.handle({ url, headers, form: body ?? {}, remoteAddress }))
    })
  }
  for (const page of pages) {
    app.get(page.path, async (request, response) => {
      const { headers } = request
      const { remoteAddress } = request.socket
      answer(response, await page.show({ headers, remoteAddress }))
    })
  }
  for (const mount of mounts) app.use((request, response, next) => mount.handle(request, response, next))
  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' })
  })
  app.use(errorHandler(log))
}

function answer(response: Response, { status, type, body }: HttpReply): void {
  response.status(status)
  if (type !== undefined) response.type(type)
  if (body === undefined) response.end()
  else response.send(body)
}

/** Errors are for our log; who asked hears the status. */
function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: { status?: unknown }, _request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const status = typeof error.status === 'number' && error.status >= 400 && error.status < 500 ? error.status : 500
    if (status === 500) log.error({ err: error }, 'a request failed')
    response.status(status).json({ error: status === 500 ? 'internal error' : 'bad request' })
  }
}

async function listen(http: HttpServer, port: number, host: string | undefined): Promise<number> {
  const listening = Promise.withResolvers<number>()
  const fail = (error: NodeJS.ErrnoException) => {
    const field = error.code === 'EADDRINUSE' || error.code === 'EACCES' ? 'PORT' : 'HOST'
    listening.reject(
      new Error(`${field}: expected one to listen on, got ${host ?? 'any address'}, port ${port}: ${error.message}`),
    )
  }
  http.once('error', fail)
  http.listen({ port, host }, () => {
    http.off('error', fail)
    listening.resolve((http.address() as AddressInfo).port)
  })
  return listening.promise
}

async function close(http: HttpServer, upgraded: ReadonlySet<Duplex>): Promise<void> {
  const closed = Promise.withResolvers<void>()
  http.close(() => closed.resolve())
  const lastOrders = setTimeout(() => {
    http.closeAllConnections()
    for (const socket of upgraded) socket.destroy()
  }, LAST_ORDERS_MS)
  await closed.promise
  clearTimeout(lastOrders)
}
