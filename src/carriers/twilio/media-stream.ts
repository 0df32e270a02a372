import type { RawData, WebSocket } from 'ws'
import { type AudioFormat, durationMs } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { CarrierEvent, CarrierLeg } from '../../call/carrier.ts'
import { Inbox } from './inbox.ts'
import { makeMediaReader } from './media-reader.ts'
import { makeStreamWriter, readFrame, type StartFrame, type StreamFrame, type StreamWriter } from './messages.ts'
import { closeSocket, isRareCount } from './socket.ts'
import { Timeline } from './timeline.ts'

/** Twilio sends a frame every 20 ms, silence too; a socket that brings none for so long is half-open. */
const SILENT_SOCKET_MS = 10_000
/** What may wait in our socket: a minute and a half of sound that Twilio does not take. Then sound is dropped ... */
const MAX_UNSENT_BYTES = 1024 * 1024
/** ... and here the small frames too. */
const MAX_UNSENT_SMALL_BYTES = 2 * MAX_UNSENT_BYTES
/** Without a frame for so long, silence is fed, so that a model that waits for silence can end the turn [ms]. */
const UNHEARD_MS = 750
const FRAME_MS = 20
/** No status, and a plain 1000: closed in an orderly way. */
const ORDERLY_CODES = [1000, 1005]

/**
 * How a stream stands.
 *
 * | state    | how it came to that                                                                     |
 * |----------|-----------------------------------------------------------------------------------------|
 * | open     |                                                                                         |
 * | stopped  | `stop` came: the caller's end closed it                                                 |
 * | closed   | the socket was closed in an orderly way, without `stop`: nobody has hung up              |
 * | broken   | the socket broke, or was closed with an error; or the stream is known to be dead         |
 * | silent   | no frame for 10 s: half-open                                                            |
 * | released | we closed it                                                                            |
 */
export type StreamState = 'open' | 'stopped' | 'closed' | 'broken' | 'silent' | 'released'

/** What came that was no frame of the stream, and what was not sent or put in. */
export interface StreamCounts {
  readonly frames: number
  readonly binary: number
  readonly garbage: number
  readonly unknown: number
  readonly foreign: number
  readonly repeatedStarts: number
  /** Frames that the carrier did not take, and their sound [ms]. */
  readonly unsent: number
  readonly unsentMs: number
  /** Silence for frames that were lost, and for a stream that stood still [ms]. */
  readonly filledMs: number
  readonly fedMs: number
}

/**
 * The caller's leg over Twilio's media socket, from `start` on.
 *
 * ```
 *   bytes ─▶ readMedia ─▶ media ─▶ Timeline (gaps become silence) ─▶ Inbox (kept until somebody listens) ─▶ 'audio'
 *     else ─▶ readFrame ─▶ dtmf, mark ──────────────────────────────▶ Inbox ─▶ 'dtmf', 'mark'
 *                          750 ms without media ▶ 20 ms of silence, each 20 ms ─▶ Inbox ─▶ 'audio'
 *                          stop | socket closed | 10 s without media ▶ Inbox ─▶ 'closed', once
 *                          anything else: counted
 * ```
 */
export class MediaStream implements CarrierLeg {
  readonly callId: string
  readonly format: AudioFormat
  readonly #streamSid: string
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #log: Logger
  readonly #writer: StreamWriter
  readonly #readMedia: ReturnType<typeof makeMediaReader>
  readonly #timeline: Timeline
  readonly #inbox: Inbox
  readonly #gone = new AbortController()
  readonly #over = new AbortController()
  readonly #startedMs: number
  #lastMediaMs: number
  #state: StreamState = 'open'
  readonly #counts = { frames: 0, binary: 0, garbage: 0, unknown: 0, foreign: 0, repeatedStarts: 0, unsent: 0 }
  #unsentBytes = 0

  /** Takes over `socket`, synchronously, so that no frame behind `start` is lost. */
  constructor(socket: WebSocket, start: StartFrame, format: AudioFormat, clock: Clock, log: Logger) {
    this.callId = start.callSid
    this.format = format
    this.#streamSid = start.streamSid
    this.#socket = socket
    this.#clock = clock
    this.#log = log
    this.#writer = makeStreamWriter(start.streamSid)
    this.#readMedia = makeMediaReader(start.streamSid)
    const inbox = new Inbox(format)
    this.#inbox = inbox
    this.#timeline = new Timeline(format, (audio, atMs) => inbox.put({ type: 'audio', audio, atMs }))
    this.#startedMs = clock.now()
    this.#lastMediaMs = this.#startedMs
    socket.on('message', (data, isBinary) => this.#take(data, isBinary))
    // Over 64 KiB, not UTF-8, not RFC 6455: ws closes the socket with the code for it, and says so here.
    socket.on('error', (cause) => this.#lose('broken', new CallError('carrier-protocol', cause.message, { cause })))
    socket.on('close', (code) => this.#onSocketClosed(code))
    this.#watch(UNHEARD_MS)
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  get state(): StreamState {
    return this.#state
  }

  get counts(): StreamCounts {
    const { filledMs, fedMs } = this.#timeline
    return { ...this.#counts, unsentMs: durationMs(this.format, this.#unsentBytes), filledMs, fedMs }
  }

  listen(listener: (event: CarrierEvent) => void): void {
    this.#inbox.listen(listener)
  }

  play(audio: Uint8Array): void {
    if (audio.byteLength === 0 || !this.#isOpen()) return
    if (this.#isTaken(MAX_UNSENT_BYTES)) this.#socket.send(this.#writer.media(audio))
    else this.#unsentBytes += audio.byteLength
  }

  mark(name: string): void {
    if (this.#isOpen() && this.#isTaken(MAX_UNSENT_SMALL_BYTES)) this.#socket.send(this.#writer.mark(name))
  }

  clear(): void {
    if (this.#isOpen() && this.#isTaken(MAX_UNSENT_SMALL_BYTES)) this.#socket.send(this.#writer.clear)
  }

  /** The stream is dead, whatever the socket says: the call hears `closed` by error, and the socket is closed. */
  lose(error: CallError): void {
    this.#lose('broken', error)
  }

  /**
   * Hangs up. It does not wait for the carrier's answer, which may take a second: so the outcome of the call is known
   * before Twilio, having seen the close, can ask what comes next. The socket is forced when no answer comes.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'open') this.#state = 'released'
    this.#over.abort()
    this.#inbox.close()
    closeSocket(this.#socket, 1000, this.#clock)
  }

  #lose(state: 'broken' | 'silent', error: CallError): void {
    this.#close(state, { type: 'closed', by: 'error', error })
    closeSocket(this.#socket, 1000, this.#clock)
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#state !== 'open') return
    this.#counts.frames++
    if (isBinary) {
      this.#counts.binary++
      return
    }
    const media = Buffer.isBuffer(data) ? this.#readMedia(data) : undefined
    if (media !== undefined) {
      this.#hear(media.audio, media.timestampMs)
      return
    }
    const frame = readFrame(String(data))
    const isForeign = 'streamSid' in frame && frame.streamSid !== this.#streamSid
    if (isForeign || (frame.event === 'start' && frame.callSid !== this.callId)) this.#counts.foreign++
    else this.#obey(frame)
  }

  #obey(frame: StreamFrame): void {
    switch (frame.event) {
      case 'media':
        this.#hear(frame.audio, frame.timestampMs)
        break
      case 'dtmf':
        this.#inbox.put({ type: 'dtmf', digit: frame.digit })
        break
      case 'mark':
        this.#inbox.put({ type: 'mark', name: frame.name })
        break
      case 'stop':
        this.#close('stopped', { type: 'closed', by: 'caller' })
        break
      case 'start':
        this.#counts.repeatedStarts++
        break
      case 'unknown':
        this.#counts.unknown++
        break
      case 'garbage':
        this.#counts.garbage++
        if (isRareCount(this.#counts.garbage)) this.#log.warn({ count: this.#counts.garbage }, 'unreadable media frame')
        break
      case 'connected':
        break
    }
  }

  #hear(audio: Uint8Array, timestampMs: number | undefined): void {
    const nowMs = this.#clock.now()
    this.#lastMediaMs = nowMs
    if (audio.byteLength === 0) return
    this.#timeline.push(audio, timestampMs, nowMs - this.#startedMs)
  }

  /**
   * One timer that looks when it is due, instead of one that every frame puts off. Silence is fed a frame at a time: when
   * we were late ourselves, the caller's frames are waiting to be read, and need no silence.
   */
  #watch(delayMs: number): void {
    const look = () => {
      const unheardMs = this.#clock.now() - this.#lastMediaMs
      if (unheardMs >= SILENT_SOCKET_MS) {
        this.#lose('silent', new CallError('carrier-lost', `no media for ${SILENT_SOCKET_MS} ms`))
        return
      }
      if (unheardMs >= UNHEARD_MS) this.#timeline.feed()
      this.#watch(unheardMs < UNHEARD_MS ? UNHEARD_MS - unheardMs : Math.min(FRAME_MS, SILENT_SOCKET_MS - unheardMs))
    }
    this.#clock.after(delayMs, look, this.#over.signal)
  }

  #isOpen(): boolean {
    return this.#state === 'open' && this.#socket.readyState === this.#socket.OPEN
  }

  #isTaken(limit: number): boolean {
    if (this.#socket.bufferedAmount <= limit) return true
    if (this.#counts.unsent++ === 0) this.#log.warn('the carrier does not take what we send; sound is dropped')
    return false
  }

  #onSocketClosed(code: number): void {
    const error = new CallError('carrier-lost', `the media socket closed with ${code} and no stop`)
    const state = ORDERLY_CODES.includes(code) ? 'closed' : 'broken'
    this.#close(state, { type: 'closed', by: 'error', error })
    const fields = { state: this.#state, code, tooEarlyMs: this.#inbox.droppedMs, ...this.counts }
    this.#log.info(fields, 'media stream ended')
  }

  /** The first end counts. */
  #close(state: StreamState, event: Extract<CarrierEvent, { type: 'closed' }>): void {
    if (this.#state !== 'open') return
    this.#state = state
    this.#over.abort()
    this.#gone.abort(event.error)
    this.#inbox.put(event)
  }
}
