import { type ChildProcess, fork } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AgentPlans } from '../agents/plan.ts'
import type { Clock } from '../base/clock.ts'
import { refuseUpgrade } from '../base/http.ts'
import type { DeskEventSink } from '../call/desk.ts'
import { type CallEvent, noCounters } from '../call/events.ts'
import type { CallInfo } from '../call/info.ts'
import { Latencies } from '../call/latencies.ts'
import type { StreamState } from '../carriers/twilio/media-stream.ts'
import type { Claim, Line, Register } from '../carriers/twilio/register.ts'
import type { Vitals } from '../operator/vitals.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts'
import { Questions } from './questions.ts'
import { RemoteSupervision } from './remote-supervision.ts'

export interface LinkOptions {
  readonly setup: WorkerSetup
  /** The worker's whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly register: Register
  readonly onCallEvent: DeskEventSink
  /** A socket of this worker's was closed. */
  readonly onSocketClosed: () => void
  readonly clock: Clock
}

/** A process that has loaded its modules on a busy machine [ms]; usually 300. */
const READY_MS = 30_000
/** For a worker to close its sockets and its recordings, and end [ms]; then it is killed. */
const GRACE_MS = 8000
/** A worker that is well answers in a few [ms]; who waits for it has an answer of its own after these. */
const LOSE_MS = 1000
const VITALS_MS = 1000
const STOP_MS = 5000
/** A worker whose event loop stands still for so long is of no use to its callers [ms]. */
const PONG_MS = 10_000

/**
 * The reception's end of one worker.
 *
 * ```
 *   reception                                     worker
 *   webhook ── expect ──────────────────────────▶ opens the model
 *   upgrade, checked ── socket ─────────────────▶ holds it
 *   closes its own copy ── upgrade ─────────────▶ shakes hands: only now the caller's end may send
 *   register.started ◀── started ──────────────── start
 *                    ── welcome ────────────────▶ answers
 *   register.over    ◀── events …, over ───────── ended
 * ```
 * A socket that two processes read loses what the wrong one reads, so the order of the lines about it matters.
 */
export class WorkerLink {
  /** Rejects when the worker ends, or takes too long, before it is ready. */
  readonly ready: Promise<void>
  /** Resolves, with why, when the worker has ended and its calls are accounted for. */
  readonly gone: Promise<string>
  /** Aborts when the worker has ended. */
  readonly over: AbortSignal
  /** How operators reach into its calls. */
  readonly supervision: RemoteSupervision
  readonly #options: LinkOptions
  readonly #child: ChildProcess
  /** By number; our own copy of each until it is let go of. */
  readonly #sockets = new Map<number, Socket | undefined>()
  readonly #streams = new Map<number, { readonly callSid: string; readonly line: Line }>()
  /** Calls whose `ended` has not come yet. */
  readonly #calls: { readonly callId: string; readonly answeredMs: number }[] = []
  readonly #states: Questions<StreamState | undefined>
  readonly #stops: Questions<true>
  readonly #vitals: Questions<Vitals>
  readonly #pings: Questions<number>
  readonly #ready = Promise.withResolvers<void>()
  readonly #started = new AbortController()
  readonly #over = new AbortController()
  #lastSocket = 0
  #lagMs = 0

  constructor(options: LinkOptions) {
    const { clock, env, setup } = options
    this.#options = options
    this.#states = new Questions(clock)
    this.#stops = new Questions(clock)
    this.#vitals = new Questions(clock)
    this.#pings = new Questions(clock)
    this.supervision = new RemoteSupervision(clock, (message) => this.#tell(message))
    this.over = this.#over.signal
    this.ready = this.#ready.promise
    this.ready.catch(() => {})
    this.#child = fork(new URL('./worker.ts', import.meta.url), {
      execArgv: [],
      env: { ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    })
    this.#child.on('message', (message) => this.#hear(message as FromWorker))
    const gone = Promise.withResolvers<string>()
    this.gone = gone.promise
    // Not 'exit': what the worker has said last is still in the channel then.
    this.#child.once('close', (code, signal) => gone.resolve(this.#onGone(signal ?? `exit code ${code}`)))
    this.#child.once('error', (error) => gone.resolve(this.#onGone(error.message)))
    clock.after(READY_MS, () => this.kill(), this.#started.signal)
    this.#tell({ type: 'setup', setup })
  }

  /** Media sockets that it has, also those that have not said yet whose they are. */
  get sockets(): number {
    return this.#sockets.size
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get liveCalls(): number {
    return this.#streams.size
  }

  /** Since when a stream of the call is live in it [ms of the clock]; `undefined`: none is. */
  carriesSince(callId: string): number | undefined {
    return this.#calls.findLast((call) => call.callId === callId)?.answeredMs
  }

  /** How late its event loop was, by its last answer [ms]. */
  get lagMs(): number {
    return this.#lagMs
  }

  /** Calls from now on get these agents. */
  employ(plans: AgentPlans): void {
    this.#tell({ type: 'employ', plans })
  }

  /** A call is announced whose stream is to come to this worker. */
  expect(info: CallInfo): void {
    this.#tell({ type: 'expect', info })
  }

  /** Moves an upgraded socket into the worker. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!(socket instanceof Socket) || !this.#child.connected) {
      refuseUpgrade(socket, 503)
      return
    }
    const number = ++this.#lastSocket
    this.#sockets.set(number, socket)
    // Else Node's server counts on the worker to report the socket's end, and when the worker has died first, the
    // server's own 'close' never comes (Node 24, `net.Server`, `_setupWorker`).
    Object.assign(socket, { server: null })
    this.#child.send({ type: 'socket', socket: number } satisfies ToWorker, socket, { keepOpen: true }, (error) => {
      socket.destroy()
      if (error === null) this.#sockets.set(number, undefined)
      else this.#onSocketClosed(number)
      const { method = '', url = '' } = request
      this.#tell({ type: 'upgrade', socket: number, request: { method, url, headers: handshakeOf(request) }, head })
    })
  }

  /** Stops every call; resolves when their outcomes are known. */
  async stop(): Promise<void> {
    await this.#stops.ask((ask) => this.#tell({ type: 'stop', ask }), STOP_MS)
  }

  async vitals(): Promise<Vitals | undefined> {
    return this.#vitals.ask((ask) => this.#tell({ type: 'vitals', ask }), VITALS_MS)
  }

  /** Whether the worker still does what it is told. True also when it is gone: that is told by `gone`. */
  async answers(): Promise<boolean> {
    const lagMs = await this.#pings.ask((ask) => this.#tell({ type: 'ping', ask }), PONG_MS)
    this.#lagMs = lagMs ?? this.#lagMs
    return lagMs !== undefined || !this.#child.connected
  }

  /** Ends the worker, by force when it does not end by itself. */
  async end(): Promise<void> {
    const ended = new AbortController()
    this.#options.clock.after(GRACE_MS, () => this.kill(), ended.signal)
    this.#tell({ type: 'end' })
    await this.gone
    ended.abort()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.#started.abort()
        this.#ready.resolve()
        return
      case 'socket-closed':
        this.#onSocketClosed(message.socket)
        return
      case 'started':
        void this.#welcome(message.ask, message.stream, message.claim)
        return
      case 'over': {
        const stream = this.#streams.get(message.stream)
        this.#streams.delete(message.stream)
        if (stream !== undefined) this.#options.register.over(stream.callSid, stream.line, message.ending)
        return
      }
      case 'event':
        this.#onEvent(message.callId, message.event)
        return
      case 'lost':
        this.#states.answer(message.ask, message.state)
        return
      case 'stopped':
        this.#stops.answer(message.ask, true)
        return
      case 'vitals':
        this.#vitals.answer(message.ask, message.vitals)
        return
      case 'pong':
        this.#pings.answer(message.ask, message.lagMs)
        return
      case 'commanded':
      case 'sound':
      case 'silent':
        this.supervision.hear(message)
    }
  }

  async #welcome(ask: number, stream: number, claim: Claim): Promise<void> {
    const line: Line = {
      lose: (why) => this.#states.ask((question) => this.#tell({ type: 'lose', ask: question, stream, why }), LOSE_MS),
    }
    const welcome = await this.#options.register.started(claim, line)
    if ('info' in welcome) {
      this.#streams.set(stream, { callSid: claim.callSid, line })
      // It died while the register was asking.
      if (this.over.aborted) this.#loseStreams()
    }
    this.#tell({ type: 'welcome', ask, welcome })
  }

  #onEvent(callId: string, event: CallEvent): void {
    if (event.type === 'answered') this.#calls.push({ callId, answeredMs: this.#options.clock.now() })
    if (event.type === 'ended') {
      const index = this.#calls.findIndex((call) => call.callId === callId)
      if (index >= 0) this.#calls.splice(index, 1)
    }
    this.#options.onCallEvent(callId, event)
  }

  #loseStreams(): void {
    const farewell = { outcome: { reason: 'carrier-lost' }, said: [] } as const
    for (const { callSid, line } of this.#streams.values()) {
      this.#options.register.over(callSid, line, { farewell, byCaller: false })
    }
    this.#streams.clear()
  }

  #onSocketClosed(number: number): void {
    if (this.#sockets.delete(number)) this.#options.onSocketClosed()
  }

  /** Every call gets its one end, also when nobody was left to say so; its caller is brought back from what was told of it. */
  #onGone(why: string): string {
    this.#started.abort()
    this.#over.abort()
    this.#ready.reject(new Error(`worker ${this.#options.setup.worker} did not start: ${why}`))
    for (const questions of [this.#states, this.#stops, this.#vitals, this.#pings]) questions.abandon()
    this.supervision.abandon()
    const outcome = { reason: 'carrier-lost' } as const
    const latency = new Latencies().summary()
    for (const { callId, answeredMs } of this.#calls.splice(0)) {
      const atMs = this.#options.clock.now() - answeredMs
      this.#options.onCallEvent(callId, { type: 'ended', atMs, ...outcome, counters: noCounters, latency })
    }
    this.#loseStreams()
    // What was still waiting to be sent gets no callback.
    for (const socket of this.#sockets.values()) socket?.destroy()
    this.#sockets.clear()
    this.#options.onSocketClosed()
    return why
  }

  #tell(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}

/** What a handshake looks at. The signature, and whatever a proxy has added, stay here. */
function handshakeOf({ headers }: IncomingMessage): IncomingMessage['headers'] {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^(connection|upgrade|sec-websocket-.*)$/.test(name)),
  )
}
