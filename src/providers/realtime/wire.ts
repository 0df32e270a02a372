import { type ClientOptions, WebSocket } from 'ws'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import { Alarm } from './alarm.ts'
import { CloseTail } from './close-tail.ts'
import type { Dialect } from './dialect.ts'
import { cleanText, closeError, errorOf, judgeError, socketError, upgradeError } from './errors.ts'
import { readServerEvent, type ServerEvent } from './events.ts'

/** What comes out of a wire. `broken` is the last of it, once, and does not follow a `close` of ours. */
export interface WireHandler {
  frame(event: ServerEvent): void
  broken(error: CallError): void
}

/** A socket to the model: JSON text frames, both ways. */
export interface Wire {
  /** Bytes handed over that the network has not taken yet. */
  readonly backlogBytes: number
  /** Sets who is told. What came while nobody was is told first, in order. */
  attend(handler: WireHandler): void
  /** Nobody is told for now; what comes is kept. */
  release(): void
  /** Sends a text frame, given as text or as its bytes, which are the wire's then. Does nothing when it is not open. */
  send(frame: string | Buffer): void
  /** Closes with 1000; resolves when the socket is gone, after at most a second. Harmless when repeated. */
  close(): Promise<void>
}

/** Bytes would go as a binary frame by themselves. */
const asText = { binary: false }
const handshakeMs = 10_000
/** The closing handshake may take this long [ms]; then the socket is torn down. */
const closeMs = 1000
/** Deltas of a megabyte were seen; ten times that is not sound any more. */
const maxFrameBytes = 8 * 1024 * 1024
const pingEveryMs = 10_000
/** An `error` frame explains a close that follows it within this [ms]. */
const explainsMs = 2000

/**
 * A WebSocket of the `ws` package as a wire. Listeners stand before the socket is open, so no frame is lost.
 *
 * ```
 *   made ─▶ upgrade ──101──▶ open ─▶ frames … ─▶ close (by the model, a reset, silence) ─▶ broken
 *              └── 401, 429, no route, nobody answers ──────────────────────────────────▶ broken
 * ```
 */
export class SocketWire implements Wire {
  readonly #socket: WebSocket
  readonly #errors: Dialect['errors']
  readonly #clock: Clock
  readonly #closed = Promise.withResolvers<void>()
  readonly #pings: Alarm
  readonly #tail = new CloseTail()
  #handler: WireHandler | undefined
  #kept: ServerEvent[] = []
  #end: CallError | undefined
  #ours = false
  #opened = false
  /** Set by the first pong: from a server that answers none, none is demanded. */
  #answersPings = false
  #heardSincePing = true
  #socketError: Error | undefined
  #lastError: { readonly error: CallError; readonly atMs: number } | undefined

  /** @param headers of the upgrade: where the key is. */
  constructor(url: string, headers: Readonly<Record<string, string>>, errors: Dialect['errors'], clock: Clock) {
    this.#errors = errors
    this.#clock = clock
    this.#pings = new Alarm(clock)
    const socket = new WebSocket(url, socketOptions(headers))
    this.#socket = socket
    socket.on('upgrade', ({ socket: line }) => {
      // Not now: a listener here would take what came with the upgrade's answer away from the package.
      socket.on('open', () => line.on('data', (chunk: Buffer) => this.#tail.push(chunk)))
    })
    socket.on('open', () => this.#onOpen())
    socket.on('message', (data, isBinary) => this.#onMessage(String(data), isBinary))
    socket.on('pong', () => {
      this.#answersPings = true
      this.#heardSincePing = true
    })
    socket.on('unexpected-response', (_request, response) => {
      this.#break(upgradeError(response.statusCode ?? 0))
      socket.terminate()
    })
    socket.on('error', (error) => {
      this.#socketError = error
      // A broken frame would make ws wait for a closing handshake that nobody needs any more.
      socket.terminate()
    })
    socket.on('close', (code, reason) => this.#onClose(code, String(reason)))
  }

  get backlogBytes(): number {
    return this.#socket.bufferedAmount
  }

  attend(handler: WireHandler): void {
    this.#handler = handler
    const kept = this.#kept
    this.#kept = []
    for (const [i, event] of kept.entries()) {
      handler.frame(event)
      // It may have let go in the middle: the rest is for whoever comes next.
      if (this.#handler !== handler) {
        this.#kept = [...kept.slice(i + 1), ...this.#kept]
        return
      }
    }
    if (this.#end !== undefined) handler.broken(this.#end)
  }

  release(): void {
    this.#handler = undefined
  }

  send(frame: string | Buffer): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame, asText)
  }

  async close(): Promise<void> {
    this.#ours = true
    this.#handler = undefined
    this.#kept = []
    this.#pings.clear()
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate()
    else this.#socket.close(1000)
    await this.#closed.promise
  }

  #onOpen(): void {
    this.#opened = true
    this.#watch()
  }

  /** A half-open line looks like a model that thinks for ever; only a ping tells them apart. */
  #watch(): void {
    this.#pings.set(pingEveryMs, () => {
      if (this.#answersPings && !this.#heardSincePing) {
        this.#break(new CallError('provider-lost', 'the model answers no ping any more'))
        this.#socket.terminate()
        return
      }
      this.#heardSincePing = false
      this.#socket.ping()
      this.#watch()
    })
  }

  #onMessage(text: string, isBinary: boolean): void {
    this.#heardSincePing = true
    const event: ServerEvent = isBinary
      ? { type: 'ignored', why: 'malformed', name: 'binary frame' }
      : readServerEvent(text)
    if (event.type === 'error') this.#noteError(event)
    if (this.#end !== undefined || this.#ours) return
    if (this.#handler === undefined) this.#kept.push(event)
    else this.#handler.frame(event)
  }

  #noteError({ error }: Extract<ServerEvent, { type: 'error' }>): void {
    const verdict = judgeError(this.#errors, error)
    // What is wrong with our settings or our account explains a close; a harmless slip does not.
    const explains = verdict.outcome !== 'swallow' && verdict.code !== 'provider-protocol'
    if (explains) this.#lastError = { error: errorOf(error, verdict), atMs: this.#clock.now() }
  }

  #onClose(code: number, reason: string): void {
    this.#closed.resolve()
    if (!this.#opened) {
      this.#break(socketError(this.#socketError ?? new Error(`closed before it was open (${code})`)))
      return
    }
    const last = this.#lastError
    const recent = last !== undefined && this.#clock.now() - last.atMs <= explainsMs ? last.error : undefined
    const failed = this.#socketError
    const unread = failed === undefined ? undefined : this.#tail.read()
    const said = unread?.reason ?? (failed === undefined ? reason : cleanText(failed.message))
    this.#break(closeError(this.#errors, unread?.code ?? code, said, recent, failed))
  }

  #break(error: CallError): void {
    if (this.#end !== undefined || this.#ours) return
    this.#end = error
    this.#pings.clear()
    this.#handler?.broken(error)
  }
}

function socketOptions(headers: Readonly<Record<string, string>>): ClientOptions {
  // The package's types are a release behind: they do not know closeTimeout.
  const options: ClientOptions & { closeTimeout: number } = {
    headers: { ...headers },
    // Sound does not shrink, and a deflate context is 300 KB a socket.
    perMessageDeflate: false,
    handshakeTimeout: handshakeMs,
    closeTimeout: closeMs,
    maxPayload: maxFrameBytes,
    followRedirects: false,
  }
  return options
}
