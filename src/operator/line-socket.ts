import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../base/clock.ts'
import { refuseUpgrade } from '../base/http.ts'
import type { LineSound, Supervision } from '../call/supervision.ts'
import type { LineFrame } from './api.ts'
import type { Operator } from './sessions.ts'
import { untilLeave, VOUCHED_MS } from './stay.ts'

export interface LineSocketsOptions {
  readonly supervision: Pick<Supervision, 'listen' | 'speak'>
  readonly clock: Clock
  /** Whether it is them who have taken the call over. */
  readonly maySpeak: (callId: string, operator: Operator) => boolean
}

/** 200 ms of mu-law are 1600 bytes. */
const MAX_FRAME_BYTES = 1600
const MIN_FRAME_BYTES = 160
/** Four seconds of both sides: a page that is so far behind misses what comes, and hears the present again after it. */
const MAX_WAITING_BYTES = 64_000
/** A voice comes at 8000 bytes a second; two seconds of it may come at once, after a stall of the network. */
const VOICE_BYTES_PER_MS = 10
const VOICE_BURST_BYTES = 16_000
const MAX_SOCKETS = 100
/** A page that is asked whether it is there, and does not say so until it is asked again, is not [ms]. */
const PING_MS = 15_000
/** How long a page has to say goodbye [ms]. */
const GOODBYE_MS = 1000
const HEAD_BYTES = 5

/**
 * The sound of live calls, to pages that listen, and operators' voices into calls that are taken over.
 *
 * ```
 *   supervision ── 0 caller | 1 agent, atMs, mu-law ──▶ page        dropped while 64 kB wait to be read
 *   supervision ◀── mu-law, 20 to 200 ms ───────────── page        dropped when it comes faster than it is spoken,
 *                                                                 and of others than who has taken over
 *   the call ends: 1000      the sign-in ends: 1008      a proxy has to say again who it is: 1012
 *   the house closes: 1001
 * ```
 */
export class LineSockets implements AsyncDisposable {
  readonly #options: LineSocketsOptions
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES })
  #closed = false

  constructor(options: LineSocketsOptions) {
    this.#options = options
  }

  /** Lets a page listen to a call until the call ends, or its operator has to leave. `opened` is called when it does. */
  open(callId: string, operator: Operator, [request, socket, head]: Upgrade, opened: () => void): void {
    if (this.#closed || this.#server.clients.size >= MAX_SOCKETS) {
      refuseUpgrade(socket, 503)
      return
    }
    this.#server.handleUpgrade(request, socket, head, (line) => {
      opened()
      this.#connect(line, callId, operator)
    })
  }

  /** Closes all of them; resolves when they are closed, a second later at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const lines = [...this.#server.clients]
    for (const line of lines) this.#close(line, 1001)
    await Promise.all(lines.map((line) => closedOf(line)))
  }

  #connect(line: WebSocket, callId: string, operator: Operator): void {
    const { supervision, clock, maySpeak } = this.#options
    const gone = new AbortController()
    line.on('error', () => {})
    line.once('close', () => gone.abort())
    const left = untilLeave(operator, clock, VOUCHED_MS, (why) => this.#close(line, why === 'signed-out' ? 1008 : 1012))
    line.once('close', left)
    const voice = makeVoiceGate(clock)
    line.on('message', (data, isBinary) => {
      if (!isBinary) this.#close(line, 1003)
      else if (maySpeak(callId, operator))
        for (const audio of soundIn(data)) if (voice(audio)) supervision.speak(callId, audio)
    })
    this.#keepAlive(line, gone.signal)
    const listening = supervision.listen(
      callId,
      (sound) => sendSound(line, sound),
      () => this.#close(line, 1000),
    )
    gone.signal.addEventListener('abort', () => listening[Symbol.dispose](), { once: true })
    if (gone.signal.aborted) listening[Symbol.dispose]()
  }

  #keepAlive(line: WebSocket, gone: AbortSignal): void {
    let isThere = true
    line.on('pong', () => {
      isThere = true
    })
    const ask = () => {
      if (!isThere) {
        line.terminate()
        return
      }
      isThere = false
      line.ping()
      this.#options.clock.after(PING_MS, ask, gone)
    }
    this.#options.clock.after(PING_MS, ask, gone)
  }

  #close(line: WebSocket, code: number): void {
    if (line.readyState !== line.OPEN) return
    const closed = new AbortController()
    line.once('close', () => closed.abort())
    line.close(code)
    this.#options.clock.after(GOODBYE_MS, () => line.terminate(), closed.signal)
  }
}

/** What `node:http` gives to who takes an upgrade. */
export type Upgrade = readonly [request: IncomingMessage, socket: Duplex, head: Buffer]

function sendSound(line: WebSocket, { from, atMs, audio }: LineSound): void {
  if (line.readyState !== line.OPEN || line.bufferedAmount > MAX_WAITING_BYTES) return
  const frame = Buffer.allocUnsafe(HEAD_BYTES + audio.length)
  const side: LineFrame = from === 'caller' ? 0 : 1
  frame.writeUInt8(side, 0)
  frame.writeUInt32LE(Math.max(0, Math.round(atMs)) >>> 0, 1)
  frame.set(audio, HEAD_BYTES)
  line.send(frame, { binary: true })
}

/** A frame of the operator's voice, if it is one. */
function soundIn(data: RawData): readonly Uint8Array[] {
  return Buffer.isBuffer(data) && data.length >= MIN_FRAME_BYTES ? [data] : []
}

/** Whether a piece of sound may pass: no more than is spoken in the time. */
function makeVoiceGate(clock: Clock): (audio: Uint8Array) => boolean {
  let left = VOICE_BURST_BYTES
  let atMs = clock.now()
  return ({ length }) => {
    const nowMs = clock.now()
    left = Math.min(VOICE_BURST_BYTES, left + (nowMs - atMs) * VOICE_BYTES_PER_MS)
    atMs = nowMs
    if (length > left) return false
    left -= length
    return true
  }
}

function closedOf(line: WebSocket): Promise<void> {
  if (line.readyState === line.CLOSED) return Promise.resolve()
  return new Promise((resolve) => line.once('close', () => resolve()))
}
