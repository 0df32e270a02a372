/*
 * The server side of a realtime wire (Qwen-Omni-Realtime, OpenAI Realtime, or Azure's form of it): a simulated model
 * when its minds follow a script, the embedded agent when they really listen.
 *
 *   GET /api-ws/v1/realtime?model=…   Authorization: Bearer …       (as the dialect's entrance has it)
 *     ├ 404 another path   401 another key   400 or 404 no such model   429 MindBusy   the faults of this attempt
 *     └ 101 ─▶ one ServedSession and one Mind a socket
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Clock, systemClock } from '../../base/clock.ts'
import { type Behaviour, type BehaviourOptions, behaviourOf } from './behaviour.ts'
import type { Dialect, DialectName } from './dialect.ts'
import { dialects } from './dialects.ts'
import type { ModelFamily } from './family.ts'
import type { UpgradeFaults } from './faults.ts'
import { type Admitted, type FaultPlan, Gate, type SessionInfo } from './gate.ts'
import type { InspectionOptions, SessionView } from './inspection.ts'
import { Items } from './items.ts'
import { type Mind, MindBusy, type MindEvent } from './mind.ts'
import { pause } from './pause.ts'
import { ServedSession } from './session.ts'
import { refuseUpgrade } from './upgrade.ts'
import { Wire } from './wire.ts'

/** The largest message taken: over five minutes of sound at 16 kHz. */
const MAX_PAYLOAD_BYTES = 16 << 20
/** How long [ms] sessions have to close when the server ends. */
const CLOSE_GRACE_MS = 1000

export interface RealtimeServerOptions {
  /** Default `qwen`. */
  readonly dialect?: DialectName
  /**
   * The mind of one session; any MakeMind will do. What it tells before its session is open is lost.
   * @throws MindBusy: the upgrade is answered with 429.
   */
  readonly makeMind: (tell: (event: MindEvent) => void, info: SessionInfo) => Mind
  /** The one key that is let in. */
  readonly apiKey: string
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free one. */
  readonly port?: number
  /** Default: the machine's. */
  readonly clock?: Clock
  /** Models beyond those the service names, each with the family it behaves like. */
  readonly models?: Readonly<Record<string, ModelFamily>>
  /** What a model that nobody knows behaves like; default: it is refused with 400. */
  readonly unknownModel?: ModelFamily
  /** The voices that are taken; default: those known of the model's family. */
  readonly voices?: readonly string[] | 'any'
  readonly behaviour?: BehaviourOptions
  readonly faults?: FaultPlan
  readonly inspection?: Partial<InspectionOptions>
  /** A session has opened; nothing was sent to it yet. */
  readonly opened?: (session: SessionView) => void
  /** A mind failed; its client is told no more than that. Default: nobody is told. */
  readonly failed?: (error: unknown) => void
}

/** A server that listens. Disposing it closes its sessions (1001), their minds and its port. */
export interface RealtimeServer extends AsyncDisposable {
  readonly port: number
  /** `ws://127.0.0.1:PORT/api-ws/v1/realtime` or the path of another dialect, without a model. */
  readonly url: string
  /** The open sessions and the last closed ones, in the order they were opened. */
  readonly sessions: readonly SessionView[]
  /**
   * Takes the model down for new sessions, whatever their own faults are; undefined: up again. Open sessions live on:
   * `strike` each of `sessions` to end them too.
   */
  refuse(fault: UpgradeFaults | undefined): void
}

/**
 * Listens on loopback, each time a new server.
 * @throws RangeError for a behaviour that makes no sense; the error of `listen` when the port is taken.
 */
export async function startRealtimeServer(options: RealtimeServerOptions): Promise<RealtimeServer> {
  const server = new SessionServer(options)
  await server.listen()
  return server
}

class SessionServer implements RealtimeServer {
  readonly #options: RealtimeServerOptions
  readonly #dialect: Dialect
  readonly #gate: Gate
  readonly #behaviour: Behaviour
  readonly #clock: Clock
  readonly #inspection: InspectionOptions
  readonly #http: Server
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD_BYTES,
    clientTracking: false,
  })
  readonly #upgrading = new Set<Duplex>()
  readonly #open = new Map<ServedSession, WebSocket>()
  /** Settle when a session is over and its mind let go. */
  readonly #ending = new Set<Promise<void>>()
  #sessions: ServedSession[] = []
  #made = 0
  #port = 0

  constructor(options: RealtimeServerOptions) {
    if (options.apiKey === '') throw new RangeError('apiKey must not be empty')
    this.#options = options
    this.#dialect = dialects[options.dialect ?? 'qwen']
    this.#gate = new Gate({ ...options, entrance: this.#dialect.entrance }, options.faults)
    this.#behaviour = behaviourOf(this.#dialect.defaults, options.behaviour)
    this.#clock = options.clock ?? systemClock
    this.#inspection = { events: 1000, audioBytes: 0, closedSessions: 32, ...options.inspection }
    this.#http = createServer((_request, response) => {
      const message = 'only WebSocket upgrades are served here'
      response.writeHead(404, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(this.#dialect.entrance.bodyOf({ status: 404, code: 'NotFound', message })))
    })
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    const host = this.#options.host ?? '127.0.0.1'
    return `ws://${host.includes(':') ? `[${host}]` : host}:${this.port}${this.#dialect.entrance.path}`
  }

  get sessions(): readonly SessionView[] {
    return this.#sessions
  }

  refuse(fault: UpgradeFaults | undefined): void {
    this.#gate.refuse(fault)
  }

  async listen(): Promise<void> {
    const { port = 0, host = '127.0.0.1' } = this.#options
    this.#http.listen(port, host)
    await once(this.#http, 'listening')
    this.#port = (this.#http.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve))
    for (const socket of this.#upgrading) socket.destroy()
    for (const ws of this.#open.values()) {
      // One that is frozen reads no answer.
      if (ws.isPaused) ws.terminate()
      else ws.close(1001, 'The server is ending.')
    }
    const deadline = new AbortController()
    // Real time, whatever the sessions' clock: a manual one would never come to an end here.
    systemClock.after(CLOSE_GRACE_MS, () => this.#cutOff(), deadline.signal)
    // A mind that does not let go is left behind.
    await Promise.race([this.#settled(closed), pause(systemClock, 2 * CLOSE_GRACE_MS, deadline.signal)])
    deadline.abort()
  }

  async #settled(closed: Promise<unknown>): Promise<void> {
    await closed
    while (this.#ending.size > 0) await Promise.all(this.#ending)
  }

  #cutOff(): void {
    for (const ws of this.#open.values()) ws.terminate()
    this.#http.closeAllConnections()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    this.#upgrading.add(socket)
    socket.once('close', () => this.#upgrading.delete(socket))
    const admitted = this.#gate.admit(request, socket, this.#made)
    if (admitted !== undefined) this.#serve(request, socket, head, admitted)
  }

  #serve(request: IncomingMessage, socket: Duplex, head: Buffer, { info, family, faults }: Admitted): void {
    let session: ServedSession | undefined
    const mind = this.#makeMind(socket, (event) => session?.noticed(event), info)
    if (mind === undefined) return
    this.#made++
    // A handshake that `ws` refuses ends the socket and calls nobody.
    const abandoned = () => this.#letGo(mind[Symbol.asyncDispose]())
    socket.once('close', abandoned)
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      socket.off('close', abandoned)
      this.#upgrading.delete(socket)
      const { voices } = this.#options
      const items = new Items()
      const print = this.#dialect.makePrinter(items, this.#behaviour)
      const opened = new ServedSession({
        ...info,
        family,
        dialect: this.#dialect,
        items,
        voices: voices === 'any' ? undefined : (voices ?? family.voices),
        wire: new Wire({ ws, socket, clock: this.#clock, faults, items, print }),
        mind,
        clock: this.#clock,
        behaviour: this.#behaviour,
        faults,
        inspection: this.#inspection,
        failed: (error) => this.#options.failed?.(error),
      })
      session = opened
      this.#opened(opened, ws)
    })
  }

  #makeMind(socket: Duplex, tell: (event: MindEvent) => void, info: SessionInfo): Mind | undefined {
    try {
      return this.#options.makeMind(tell, info)
    } catch (error) {
      const { entrance } = this.#dialect
      if (error instanceof MindBusy) refuseUpgrade(socket, entrance, entrance.refusalOf(429))
      else {
        this.#options.failed?.(error)
        refuseUpgrade(socket, entrance, entrance.refusalOf(500))
      }
      return undefined
    }
  }

  #opened(session: ServedSession, ws: WebSocket): void {
    this.#open.set(session, ws)
    this.#sessions = [...this.#sessions, session]
    // A client that breaks the WebSocket protocol: `ws` closes, and 'close' follows.
    ws.on('error', () => undefined)
    ws.on('message', (data: Buffer, isBinary) => session.receive(data, isBinary))
    const ended = new Promise<void>((resolve) => {
      ws.once('close', (code, reason) => {
        this.#open.delete(session)
        resolve(session.end(code, reason.toString()))
        this.#forgetOld()
      })
    })
    this.#letGo(ended)
    this.#options.opened?.(session)
    session.open()
  }

  #forgetOld(): void {
    const closed = this.#sessions.filter((session) => !session.isOpen)
    const old = new Set(closed.slice(0, Math.max(0, closed.length - this.#inspection.closedSessions)))
    this.#sessions = this.#sessions.filter((session) => !old.has(session))
  }

  #letGo(ending: PromiseLike<void>): void {
    const settled = Promise.resolve(ending)
      .catch((error: unknown) => this.#options.failed?.(error))
      .finally(() => this.#ending.delete(settled))
    this.#ending.add(settled)
  }
}
