import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import { refuseUpgrade } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import type { CarrierLeg } from '../../call/carrier.ts'
import type { CallInfo, Farewell } from '../../call/info.ts'
import { MediaStream, type StreamCounts } from './media-stream.ts'
import type { StartFrame } from './messages.ts'
import { isCallSid, type Line, type MediaSockets, type Register, type Welcome } from './register.ts'
import { closeSocket } from './socket.ts'
import { awaitStart, type NoStart } from './start-gate.ts'

export interface MediaDoorOptions {
  readonly register: Register
  /** A call is announced that will come by this door. */
  readonly expect: (info: CallInfo) => void
  /** Answers one call; resolves when it is over. It owns the leg and disposes of it. */
  readonly answer: (leg: CarrierLeg, info: CallInfo) => Promise<Farewell>
  readonly clock: Clock
  readonly log: Logger
  /** How many sockets may wait for their `start` at once; default 256. */
  readonly maxWaiting?: number
  /** Hears of each stream that is over, for whoever sums that up. */
  readonly onStreamEnded?: (counts: StreamCounts) => void
}

/** No frame of Twilio's is longer than a few hundred bytes. */
const MAX_FRAME_BYTES = 64 * 1024
/** Twilio says `start` as soon as it may; a second of 250 new calls is more than a process carries. */
const MAX_WAITING = 256

/**
 * The media side of the carrier in one process.
 *
 * ```
 *   upgrade ─▶ handshake ─▶ start ─▶ stream, keeps what comes ─▶ register: started? ──▶ answer(leg) ──▶ register: over
 *                  └─ 5 s, or so many wait that the oldest must go       └─ refused: closed with 1008
 * ```
 */
export class MediaDoor implements MediaSockets {
  readonly #options: MediaDoorOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES })
  readonly #streams = new Set<MediaStream>()
  /** What gives each socket up that has not said whose it is, oldest first. */
  readonly #waiting = new Set<(why: NoStart) => void>()
  #closed = false

  constructor(options: MediaDoorOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#log = options.log
  }

  /** Open sockets. */
  get count(): number {
    return this.#sockets.clients.size
  }

  expect(info: CallInfo): string {
    try {
      this.#options.expect(info)
    } catch (error) {
      // Nothing is lost but time: it is tried again, and told to the caller, when the call is answered.
      this.#log.error({ callId: info.callId, err: error }, 'getting ready for a call failed')
    }
    return ''
  }

  open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#closed) {
      refuseUpgrade(socket, 503)
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (media) => this.#await(media))
  }

  #await(media: WebSocket): void {
    const giveUp = awaitStart(
      media,
      this.#clock,
      (start) => {
        this.#waiting.delete(giveUp)
        this.#start(media, start).catch((error) => {
          this.#log.error({ err: error }, 'a media stream could not be taken')
          closeSocket(media, 1011, this.#clock)
        })
      },
      (why, early) => {
        this.#waiting.delete(giveUp)
        this.#log.warn({ why, early }, 'a media socket never became a stream')
      },
    )
    this.#waiting.add(giveUp)
    const [oldest] = this.#waiting
    if (this.#waiting.size > (this.#options.maxWaiting ?? MAX_WAITING)) oldest?.('too-many')
  }

  /** The stream exists before it is let in, so that no frame is lost while the register is asked. */
  async #start(socket: WebSocket, start: StartFrame): Promise<void> {
    if (!isCallSid(start.callSid)) {
      this.#refuse(socket, 'forged')
      return
    }
    const { callSid, token, format } = start
    const log = this.#log.child({ callId: callSid })
    const stream = format === undefined ? undefined : new MediaStream(socket, start, format, this.#clock, log)
    if (stream !== undefined) this.#streams.add(stream)
    const line = lineOf(stream)
    const welcome = await this.#options.register.started({ callSid, token }, line)
    if ('fault' in welcome) {
      this.#refuse(socket, welcome.fault)
    } else if (stream === undefined) {
      log.error({ format: start.formatText }, 'a media stream was refused: its sound is coded in no way we know')
      this.#options.register.over(callSid, line, {
        farewell: { outcome: { reason: 'carrier-lost', code: 'carrier-protocol' }, said: [] },
        byCaller: false,
      })
      closeSocket(socket, 1008, this.#clock)
    } else {
      log.info('media stream started')
      const farewell = await this.#answer(stream, welcome.info, log)
      this.#options.register.over(callSid, line, { farewell, byCaller: stream.state === 'stopped' })
    }
    if (stream === undefined) return
    this.#streams.delete(stream)
    await stream[Symbol.asyncDispose]()
    this.#options.onStreamEnded?.(stream.counts)
  }

  #refuse(socket: WebSocket, fault: Extract<Welcome, { fault: unknown }>['fault']): void {
    this.#log.warn({ fault }, 'a media stream was refused: its token is not good')
    closeSocket(socket, 1008, this.#clock)
  }

  async #answer(stream: MediaStream, info: CallInfo, log: Logger): Promise<Farewell> {
    try {
      return await this.#options.answer(stream, info)
    } catch (error) {
      log.error({ err: error }, 'answering the call failed')
      const code = error instanceof CallError ? { code: error.code } : {}
      return { outcome: { reason: 'provider-lost', ...code }, said: [] }
    }
  }

  /** Refuses what is new and closes what is open; resolves when every socket is closed, at most a second later. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const stream of this.#streams) stream.lose(new CallError('carrier-lost', 'the carrier was closed'))
    const open = [...this.#sockets.clients]
    for (const socket of open) closeSocket(socket, 1001, this.#clock)
    await Promise.all(open.map((socket) => closedOf(socket)))
  }
}

function lineOf(stream: MediaStream | undefined): Line {
  return {
    async lose(why) {
      const state = stream?.state
      stream?.lose(new CallError('carrier-lost', why))
      return state
    },
  }
}

function closedOf(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return Promise.resolve()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
