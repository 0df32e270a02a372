import { WebSocket } from 'ws'
import type { Clock } from '../../base/clock.ts'
import type { StreamEnd, Tell } from './events.ts'
import { type Fault, type FaultNow, makeFrameFate } from './faults.ts'
import { FRAME_MS } from './frame-clock.ts'
import type { LineEnd } from './line.ts'
import { PlayoutBuffer } from './playout-buffer.ts'
import { handshakeErrorCode } from './stream-error.ts'
import { CONNECTED, readServerMessage, type StreamIdentity, StreamWriter } from './stream-messages.ts'

/** How long the carrier waits for the upgrade to be answered, and for the close to be [ms]. */
const HANDSHAKE_MS = 10_000
const CLOSE_MS = 2_000
const HALF_OPEN_MS = 45_000
/** Not documented; ten minutes of audio in base64 are 6.4 MB. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** Caller audio that may wait for a slow server before it is discarded (31930); about 4 s. Not documented. */
const CONGESTED_BYTES = 64 * 1024

export interface MediaStreamOptions {
  readonly identity: StreamIdentity
  /** Where to connect, and with which headers. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly firstTimestampMs: number
  readonly faults: readonly Fault[]
  readonly random: () => number
  /** A close with code 1000 is reported as 31921, too: whether it is on real calls is not known. */
  readonly plainCloseIsError: boolean
  readonly tell: Tell
  /** `connected` and `start` were sent: from now on it wants frames. */
  readonly opened: () => void
}

/**
 * The carrier's end of one bidirectional media stream, from upgrade to close.
 *
 * ```
 *   upgrade ─▶ connected, start ─▶ media … dtmf, mark ─▶ stop, close      we hang up
 *                                                    └─▶ close            the server ends it, or something breaks
 * ```
 */
export class MediaStream implements LineEnd, AsyncDisposable {
  readonly ended: Promise<StreamEnd>
  readonly #finish: (end: StreamEnd) => void
  readonly #options: MediaStreamOptions
  readonly #faults: Fault[]
  readonly #writer: StreamWriter
  readonly #playout = new PlayoutBuffer()
  readonly #frameFate: ReturnType<typeof makeFrameFate>
  readonly #markDelayMs: number
  readonly #socket: WebSocket
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>
  readonly #gone = new AbortController()
  readonly #reported = new Set<number>()
  #state: 'connecting' | 'open' | 'ended' = 'connecting'
  /** Half-open, or without a start: the socket stands and nothing goes over it. */
  #mute = false
  #elapsedMs = 0
  #held: string[] = []

  constructor(options: MediaStreamOptions) {
    this.#options = options
    this.#writer = new StreamWriter(options.identity, options.firstTimestampMs)
    this.#faults = [...options.faults]
    this.#frameFate = makeFrameFate(this.#faults, options.random)
    this.#markDelayMs = Math.max(0, ...options.faults.map((fault) => (fault.type === 'late-marks' ? fault.ms : 0)))
    const ended = Promise.withResolvers<StreamEnd>()
    this.ended = ended.promise
    this.#finish = (end) => {
      if (this.#state === 'ended') return
      this.#state = 'ended'
      ended.resolve(end)
    }
    this.#socket = new WebSocket(options.target, {
      headers: { ...options.headers },
      // The real one offers no extension and no subprotocol, and sends no Origin.
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: MAX_MESSAGE_BYTES,
    })
    this.closed = this.#wire(options.clock)
  }

  #wire(clock: Clock): Promise<void> {
    const socket = this.#socket
    const closed = Promise.withResolvers<void>()
    const upgraded = new AbortController()
    clock.after(HANDSHAKE_MS, () => this.#fail(31901, 'no answer to the upgrade'), upgraded.signal)
    socket.on('open', () => this.#open())
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('ping', (data) => {
      if (!this.#mute) socket.pong(data)
    })
    socket.on('error', (error) => this.#broken(error))
    socket.once('upgrade', () => upgraded.abort())
    socket.on('close', (code) => {
      upgraded.abort()
      this.#serverClosed(code)
      this.#gone.abort()
      closed.resolve()
    })
    return closed.promise
  }

  #open(): void {
    this.#state = 'open'
    const { identity, target, tell } = this.#options
    this.#send(CONNECTED)
    tell({ type: 'stream-started', streamSid: identity.streamSid, url: target })
    if (this.#faults.some((fault) => fault.type === 'no-start')) this.#mute = true
    else this.#send(this.#writer.start())
    this.#options.opened()
  }

  /** Half-open and given up: it ended, and its socket is left to itself for a while. */
  get abandoned(): boolean {
    return this.#state === 'ended' && this.#mute
  }

  downlink(): Uint8Array | undefined {
    if (this.#state !== 'open' || this.#mute) return undefined
    const { audio, marks } = this.#playout.next()
    for (const name of marks) this.#echo(name)
    return audio
  }

  uplink(frame: Uint8Array): void {
    if (this.#state !== 'open') return
    for (const fault of this.#faults) {
      if ('atMs' in fault && fault.atMs >= this.#elapsedMs && fault.atMs < this.#elapsedMs + FRAME_MS)
        this.#strike(fault)
    }
    const fate = this.#frameFate(this.#elapsedMs)
    this.#elapsedMs += FRAME_MS
    if (this.#mute) return
    if (fate === 'gap') this.#writer.skipTime()
    else if (fate === 'lose') this.#writer.loseFrame()
    else if (this.#socket.bufferedAmount > CONGESTED_BYTES) {
      this.#writer.skipTime()
      this.#report(31930, 'the server reads too slowly: caller audio is discarded')
    } else if (fate === 'hold') this.#held.push(this.#writer.media(frame))
    else {
      this.#release()
      this.#send(this.#writer.media(frame))
    }
  }

  /** Sends a digit; false when the stream is not open. */
  dtmf(digit: string): boolean {
    if (this.#state !== 'open') return false
    if (!this.#mute) this.#sendInOrder(this.#writer.dtmf(digit))
    return true
  }

  /** Makes something go wrong with the next frame; nothing when the stream is not open. */
  strike(fault: FaultNow): void {
    if (this.#state === 'open') this.#faults.push({ ...fault, atMs: this.#elapsedMs })
  }

  /** Ends the stream from the carrier's side: `stop`, then close. Resolves when the socket is closed. */
  async hangUp(): Promise<void> {
    if (this.#state === 'ended') return
    if (this.#state === 'open' && !this.#mute) {
      this.#release()
      if (!this.#faults.some((fault) => fault.type === 'no-stop')) this.#send(this.#writer.stop())
    }
    this.#finish({ how: 'hung-up' })
    this.#close()
    await this.closed
  }

  #close(): void {
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate()
    else this.#socket.close(1000)
    this.#options.clock.after(CLOSE_MS, () => this.#socket.terminate(), this.#gone.signal)
  }

  /** Breaks whatever is still open, a half-open connection too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish({ how: 'hung-up' })
    this.#socket.terminate()
    await this.closed
  }

  #strike(fault: Fault): void {
    switch (fault.type) {
      case 'drop':
        this.#fail(31903, 'the connection broke')
        break
      case 'half-open':
        this.#mute = true
        this.#options.clock.after(fault.holdMs ?? HALF_OPEN_MS, () => this.#fail(31903, 'half-open'), this.#gone.signal)
        if (fault.goesOn === 'when-closed') break
        this.#socket.pause()
        this.#later(fault.giveUpMs ?? 0, () => this.#finish({ how: 'error', code: 31924 }))
        break
      case 'close':
        this.#finish({ how: 'error', code: 31903 })
        this.#close()
        break
      case 'duplicate-start':
        this.#sendInOrder(this.#writer.start())
        break
      case 'slow-reader':
        this.#socket.pause()
        this.#options.clock.after(fault.ms, () => this.#socket.resume(), this.#gone.signal)
        break
      case 'send':
        this.#socket.send(fault.data)
        break
    }
  }

  #receive(data: WebSocket.RawData, isBinary: boolean): void {
    if (this.#state !== 'open' || this.#mute) return
    if (isBinary) {
      this.#report(31950, 'binary frames are not supported')
      return
    }
    const message = readServerMessage(String(data), this.#options.identity.streamSid)
    if (typeof message === 'string') this.#report(31951, message)
    else if (message.type === 'media') {
      if (!this.#playout.push(message.audio)) this.#report(31931, 'more than 10 minutes of audio are buffered')
    } else if (message.type === 'mark') {
      if (this.#playout.mark(message.name)) this.#echo(message.name)
    } else {
      const { droppedBytes, marks } = this.#playout.clear()
      this.#options.tell({ type: 'cleared', droppedMs: droppedBytes / 8, marks })
      for (const name of marks) this.#echo(name)
    }
  }

  #echo(name: string): void {
    const echo = () => {
      if (this.#state !== 'open' || this.#mute) return
      this.#sendInOrder(this.#writer.mark(name))
      this.#options.tell({ type: 'mark-echoed', name })
    }
    this.#later(this.#markDelayMs, echo)
  }

  /** At once when `ms` is 0; never when the socket is closed before. */
  #later(ms: number, task: () => void): void {
    if (ms === 0) task()
    else this.#options.clock.after(ms, task, this.#gone.signal)
  }

  /** Behind what a burst holds back, if it does. */
  #sendInOrder(message: string): void {
    if (this.#held.length > 0) this.#held.push(message)
    else this.#send(message)
  }

  #release(): void {
    for (const message of this.#held) this.#send(message)
    this.#held = []
  }

  #send(message: string): void {
    this.#socket.send(message)
  }

  /** Tells of something that does not end the stream, once a stream. */
  #report(code: number, message: string): void {
    if (this.#reported.has(code)) return
    this.#reported.add(code)
    this.#options.tell({ type: 'warning', code, level: 'warning', message })
  }

  #fail(code: number, message: string): void {
    if (this.#state !== 'ended') this.#options.tell({ type: 'warning', code, level: 'error', message })
    this.#finish({ how: 'error', code })
    this.#socket.terminate()
  }

  #broken(error: Error): void {
    if (this.#state === 'connecting') this.#fail(handshakeErrorCode(error), error.message)
    else if ('code' in error && String(error.code).startsWith('WS_ERR_')) this.#fail(31924, error.message)
    else this.#fail(31903, error.message)
  }

  #serverClosed(code: number): void {
    if (this.#state === 'ended') return
    if (code === 1000 || code === 1005) {
      if (this.#options.plainCloseIsError && code === 1000) {
        this.#options.tell({ type: 'warning', code: 31921, level: 'error', message: 'closed with 1000' })
      }
      this.#finish({ how: 'server-closed' })
    } else if (code === 1006) this.#fail(31903, 'the server broke the connection')
    else this.#fail(31921, `the server closed with ${code}`)
  }
}
