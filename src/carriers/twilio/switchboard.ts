import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import { type FormRequest, type HttpReply, refuseUpgrade } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import type { CarrierLeg } from '../../call/carrier.ts'
import type { CallOutcome } from '../../call/events.ts'
import type { PublicAddress } from './address.ts'
import { ExpiringMap } from './expiring-map.ts'
import { MediaStream } from './media-stream.ts'
import type { StartFrame } from './messages.ts'
import { type Next, whatComesNext } from './next.ts'
import { closeSocket } from './socket.ts'
import { awaitStart } from './start-gate.ts'
import { StreamTokens } from './token.ts'
import { apologyTwiml, busyTwiml, hangUpTwiml, streamTwiml } from './twiml.ts'

/** What is known of a call before it is answered. `from` may be `anonymous`, empty or no number at all. */
export interface CallInfo {
  readonly callId: string
  readonly from: string
  readonly to: string
}

/** What calls are put through to. */
export interface SwitchboardOptions {
  /** Answers one call; resolves when it is over. It owns the leg and disposes of it. */
  readonly answer: (leg: CarrierLeg, info: CallInfo) => Promise<CallOutcome>
  /** Whether a new call is welcome; else the caller hears that all lines are busy. */
  readonly admit: () => boolean
  readonly clock: Clock
  readonly log: Logger
}

/** How long a call's webhook and its outcome are remembered [ms], and of how many calls. */
const ANNOUNCED_MS = 10 * 60_000
const OUTCOME_MS = 10 * 60_000
const REMEMBERED = 10_000
/** How long Twilio may take to ask what comes next [ms]. */
const OWED_MS = 5000
/** No frame of Twilio's is longer than a few hundred bytes. */
const MAX_FRAME_BYTES = 64 * 1024

/** The calls of one carrier between their webhook and what comes after. */
export class Switchboard {
  readonly #options: SwitchboardOptions
  readonly #address: PublicAddress
  readonly #clock: Clock
  readonly #log: Logger
  readonly #tokens: StreamTokens
  readonly #announced: ExpiringMap<CallInfo>
  readonly #outcomes: ExpiringMap<CallOutcome>
  readonly #live = new Map<string, MediaStream>()
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES })
  /** Calls that we ended and that Twilio has not asked about yet: their callers wait for our last words. */
  readonly #owed = new Set<string>()
  #paid: (() => void) | undefined
  readonly #end = new AbortController()
  #closed = false

  constructor(options: SwitchboardOptions, address: PublicAddress) {
    this.#options = options
    this.#address = address
    this.#clock = options.clock
    this.#log = options.log
    this.#tokens = new StreamTokens(options.clock)
    this.#announced = new ExpiringMap(options.clock, ANNOUNCED_MS, REMEMBERED)
    this.#outcomes = new ExpiringMap(options.clock, OUTCOME_MS, REMEMBERED)
  }

  announce(form: FormRequest['form'], callSid: string): HttpReply {
    if (this.#closed || !this.#options.admit()) {
      this.#log.warn({ callId: callSid }, 'call turned away: not open')
      return twiml(busyTwiml())
    }
    this.#announced.set(callSid, { callId: callSid, from: field(form, 'From'), to: field(form, 'To') })
    this.#log.info({ callId: callSid }, 'call announced')
    return twiml(streamTwiml(this.#address, this.#tokens.issue(callSid)))
  }

  /**
   * Twilio asks only when the stream is over for it; so while the call goes on, a stream that looks open here is
   * half-open. When the caller has hung up, its `stop` may still be on the way to us: nothing is said then.
   */
  next(form: FormRequest['form'], callSid: string): HttpReply {
    const status = field(form, 'CallStatus')
    this.#pay(callSid)
    if (endedStatuses.includes(status)) return twiml(hangUpTwiml())
    const stream = this.#live.get(callSid)
    const next = whatComesNext({
      outcome: this.#outcomes.get(callSid),
      stream: stream?.state,
      announced: this.#announced.get(callSid) !== undefined,
    })
    this.#log.info({ callId: callSid, next, status }, 'after the stream')
    stream?.lose(new CallError('carrier-lost', 'Twilio is done with the stream, and the socket did not say so'))
    return twiml(nextTwiml[next]())
  }

  streamStatus(form: FormRequest['form'], callSid: string): HttpReply {
    const event = field(form, 'StreamEvent')
    const fields = { callId: callSid, event, error: field(form, 'StreamError') || undefined }
    if (event === 'stream-error') this.#log.warn(fields, 'stream status')
    else this.#log.info(fields, 'stream status')
    return { status: 204 }
  }

  callStatus(form: FormRequest['form'], callSid: string): HttpReply {
    this.#log.info(
      { callId: callSid, status: field(form, 'CallStatus'), sequence: field(form, 'SequenceNumber') },
      'call status',
    )
    return { status: 204 }
  }

  open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#closed) {
      refuseUpgrade(socket, 503)
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (media) => {
      awaitStart(
        media,
        this.#clock,
        (start) => this.#start(media, start),
        (why) => this.#log.warn({ why }, 'a media socket never became a stream'),
      )
    })
  }

  #start(socket: WebSocket, start: StartFrame): void {
    const fault = this.#tokens.redeem(start.token, start.callSid)
    if (fault !== undefined) {
      this.#log.warn({ fault }, 'a media stream was refused: its token is not good')
      closeSocket(socket, 1008, this.#clock)
      return
    }
    const log = this.#log.child({ callId: start.callSid })
    const { format } = start
    if (format === undefined) {
      log.error({ format: start.formatText }, 'a media stream was refused: its sound is coded in no way we know')
      this.#outcomes.set(start.callSid, { reason: 'carrier-lost', code: 'carrier-protocol' })
      closeSocket(socket, 1008, this.#clock)
      return
    }
    // A new stream of the same call means that its old one is dead.
    this.#live.get(start.callSid)?.lose(new CallError('carrier-lost', 'the call has a new stream'))
    const stream = new MediaStream(socket, start, format, this.#clock, log)
    this.#live.set(start.callSid, stream)
    log.info('media stream started')
    void this.#answer(stream, log)
  }

  async #answer(stream: MediaStream, log: Logger): Promise<void> {
    const { callId } = stream
    const outcome = await this.#outcomeOf(stream, log)
    if (this.#live.get(callId) === stream) {
      this.#live.delete(callId)
      this.#outcomes.set(callId, outcome)
      if (stream.state !== 'closed-by-caller') this.#owe(callId)
    }
    await stream[Symbol.asyncDispose]()
  }

  async #outcomeOf(stream: MediaStream, log: Logger): Promise<CallOutcome> {
    const info = this.#announced.get(stream.callId) ?? { callId: stream.callId, from: '', to: '' }
    try {
      return await this.#options.answer(stream, info)
    } catch (error) {
      log.error({ err: error }, 'answering the call failed')
      return { reason: 'provider-lost', ...(error instanceof CallError ? { code: error.code } : {}) }
    }
  }

  /** Resolves when Twilio has asked what comes next for every call that we ended, after `ms` at the latest. */
  async settle(ms: number): Promise<void> {
    if (this.#owed.size === 0) return
    const done = new AbortController()
    await new Promise<void>((resolve) => {
      this.#paid = resolve
      this.#clock.after(ms, resolve, done.signal)
    })
    done.abort()
  }

  #owe(callSid: string): void {
    this.#owed.add(callSid)
    // Twilio asks within a second or never: then the caller was gone before us.
    this.#clock.after(OWED_MS, () => this.#pay(callSid), this.#end.signal)
  }

  #pay(callSid: string): void {
    this.#owed.delete(callSid)
    if (this.#owed.size === 0) this.#paid?.()
  }

  /** Refuses what is new and closes what is open; resolves when every socket is closed, at most a second later. */
  async close(): Promise<void> {
    this.#closed = true
    this.#end.abort()
    for (const stream of this.#live.values()) stream.lose(new CallError('carrier-lost', 'the carrier was closed'))
    const open = [...this.#sockets.clients]
    for (const socket of open) closeSocket(socket, 1001, this.#clock)
    await Promise.all(open.map((socket) => closedOf(socket)))
  }
}

const nextTwiml: Readonly<Record<Next, () => string>> = {
  'hang-up': hangUpTwiml,
  apology: apologyTwiml,
  busy: busyTwiml,
}

/** `CallStatus` of a call that nobody is on any more. */
const endedStatuses: readonly string[] = ['completed', 'busy', 'failed', 'no-answer', 'canceled']

function twiml(body: string): HttpReply {
  return { status: 200, type: 'text/xml', body }
}

/** A form's field; the first when it was sent twice, empty when not at all, and never longer than is good for a log. */
export function field(form: FormRequest['form'], name: string): string {
  const value = Object.hasOwn(form, name) ? form[name] : undefined
  return ((Array.isArray(value) ? value[0] : value) ?? '').slice(0, 256)
}

function closedOf(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return Promise.resolve()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
