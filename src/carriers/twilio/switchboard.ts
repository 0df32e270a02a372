import type { Clock } from '../../base/clock.ts'
import type { FormRequest, HttpReply } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import type { CallInfo, Happening } from '../../call/info.ts'
import type { PublicAddress } from './address.ts'
import { CallFile } from './call-file.ts'
import { ExpiringMap } from './expiring-map.ts'
import { type Next, whatComesNext } from './next.ts'
import type { Claim, Ending, Line, Register, Welcome } from './register.ts'
import { StreamTokens } from './token.ts'
import {
  apologyTwiml,
  busyTwiml,
  digitsTwiml,
  hangUpTwiml,
  type PromisedStream,
  streamTwiml,
  transferTwiml,
} from './twiml.ts'

export interface SwitchboardOptions {
  /** Whether a new call is welcome; else the caller hears that all lines are busy. */
  readonly admit: () => boolean
  readonly clock: Clock
  readonly log: Logger
}

/** The way that a promised stream comes by. */
export interface Road {
  readonly address: PublicAddress
  /** Tells who will carry it; returns the path behind the media door's. */
  expect(info: CallInfo): string
}

/** How long a call is remembered after its webhook, and after each of its streams [ms], and of how many calls. */
const REMEMBERED_MS = 10 * 60_000
const REMEMBERED = 10_000
/** Twilio waits 15 s for an answer; after that it may ask again [ms]. */
const REPEATED_MS = 30_000
/** How long Twilio may take to ask what comes next [ms]. */
const OWED_MS = 5000
/** A call that comes back so often goes round in circles. */
const MAX_STREAMS = 50

type Form = FormRequest['form']

/** A call whose stream is there. */
interface LiveCall {
  readonly line: Line
  readonly file: CallFile
  /** Which of the file's. */
  readonly stream: number
}

/**
 * The calls of one carrier between their webhook and what comes after: the HTTP side. It is the only one, however many
 * processes carry the calls, so nothing depends on which connection brought a request.
 *
 * ```
 *   voice ─▶ stream ── over ─▶ next ─▶ hang up | apology | busy
 *              ▲                 ├─▶ dial a human ─▶ next ─▶ hang up: it was taken
 *              ├── come back ────│────────────────────┘ it was not
 *              └── digits ───────┘
 * ```
 * The same question gets the same answer: Twilio repeats one whose answer did not reach it in time.
 */
export class Switchboard implements Register {
  readonly #admit: () => boolean
  readonly #clock: Clock
  readonly #log: Logger
  readonly #tokens: StreamTokens
  readonly #files: ExpiringMap<CallFile>
  readonly #live = new Map<string, LiveCall>()
  /** Calls between two of our doors: their callers wait for our next words. Each aborts when Twilio has come for them. */
  readonly #owed = new Map<string, AbortController>()
  #paid: (() => void) | undefined
  readonly #end = new AbortController()

  constructor({ admit, clock, log }: SwitchboardOptions) {
    this.#admit = admit
    this.#clock = clock
    this.#log = log
    this.#tokens = new StreamTokens(clock)
    this.#files = new ExpiringMap(clock, REMEMBERED_MS, REMEMBERED)
  }

  announce(form: Form, callSid: string, road: Road): HttpReply {
    const known = this.#fileOf(callSid)
    const { announcement } = known ?? {}
    const closed = this.#end.signal.aborted
    const isRepeated = announcement !== undefined && this.#clock.now() - announcement.atMs < REPEATED_MS
    if (isRepeated && !closed) return announcement.reply
    if (closed || !this.#admit()) {
      this.#log.warn({ callId: callSid }, 'call turned away: not open')
      return twiml(busyTwiml())
    }
    const info = { callId: callSid, from: field(form, 'From'), to: field(form, 'To') }
    const file = known ?? new CallFile(info, this.#clock.now())
    const reply = twiml(streamTwiml(road.address, this.#promise(file, info, road)))
    file.announcement = { reply, atMs: this.#clock.now() }
    this.#log.info({ callId: callSid }, 'call announced')
    return reply
  }

  async started({ callSid, token }: Claim, line: Line): Promise<Welcome> {
    const fault = this.#tokens.redeem(token, callSid)
    if (fault !== undefined) return { fault }
    const file = this.#fileOf(callSid) ?? new CallFile({ callId: callSid, from: '', to: '' }, this.#clock.now())
    // A new stream of the same call means that its old one is dead.
    void this.#live.get(callSid)?.line.lose('the call has a new stream')
    file.started()
    this.#live.set(callSid, { line, file, stream: file.streams })
    return { info: file.info }
  }

  over(callSid: string, line: Line, { farewell, byCaller }: Ending): void {
    const live = this.#live.get(callSid)
    if (live === undefined || live.line !== line) return
    this.#live.delete(callSid)
    // Else another one is promised already, and is waited for.
    if (live.stream === live.file.streams) live.file.over(farewell)
    this.#files.set(callSid, live.file)
    if (!byCaller) this.#owe(callSid)
  }

  /**
   * What comes after a stream, or after a human was dialled.
   * @param stream which of the call's, as its TwiML has it; empty: its latest.
   */
  async next(form: Form, callSid: string, stream: string, road: Road): Promise<HttpReply> {
    if (endedStatuses.includes(field(form, 'CallStatus'))) {
      this.#pay(callSid)
      this.#files.delete(callSid)
      return twiml(hangUpTwiml())
    }
    const info = { callId: callSid, from: field(form, 'From'), to: field(form, 'To') }
    const file = this.#fileOf(callSid) ?? new CallFile(info, this.#clock.now())
    const question = [stream || file.streams, field(form, 'DialCallSid'), field(form, 'DialCallStatus')].join(' ')
    const answer = file.answers.get(question) ?? this.#answer(form, file, road)
    file.answers.set(question, answer)
    return answer
  }

  /**
   * Twilio asks only when the stream is over for it; so while the call goes on, a stream that looks open here is
   * half-open. When the caller has hung up, its `stop` may still be on the way to us: nothing is said then. Who carries
   * the stream is asked, because what it has to say of the call's end may be on the way too.
   */
  async #answer(form: Form, file: CallFile, road: Road): Promise<HttpReply> {
    const { callId } = file.info
    const dialled = field(form, 'DialCallStatus')
    const live = this.#live.get(callId)
    const state = await live?.line.lose('Twilio is done with the stream, and the socket did not say so')
    const stillLive = live !== undefined && this.#live.get(callId) === live
    const { farewell, destination, streams } = file
    const next = whatComesNext({
      ...{ dialled, destination },
      stream: stillLive ? (state ?? 'open') : undefined,
      outcome: farewell?.outcome,
      wanted: farewell?.next,
      announced: streams > 0,
      mayReturn: !this.#end.signal.aborted && streams < MAX_STREAMS,
    })
    const whom = next.type === 'transfer' ? next.destination : dialled && destination
    const fields = { next: next.type, status: field(form, 'CallStatus') }
    this.#log.info(
      { callId, ...fields, ...(whom ? { destination: whom } : {}), ...(dialled ? { dialled } : {}) },
      'after the stream',
    )
    return twiml(this.#carryOut(next, file, road))
  }

  #carryOut(next: Next, file: CallFile, road: Road): string {
    const { address } = road
    if (next.type !== 'digits' && next.type !== 'come-back') this.#pay(file.info.callId)
    switch (next.type) {
      case 'hang-up':
        return hangUpTwiml()
      case 'apology':
        return apologyTwiml()
      case 'busy':
        return busyTwiml()
      case 'transfer':
        file.destination = next.destination
        // Its time begins anew: it may ring for long.
        this.#files.set(file.info.callId, file)
        return transferTwiml(address, next, file.info, file.streams)
      case 'digits':
        return digitsTwiml(address, next.digits, this.#resume(file, { type: 'digits-sent' }, road))
      case 'come-back':
        return streamTwiml(address, this.#resume(file, next.happened, road))
    }
  }

  /** It is our call already, so nobody is asked whether it is welcome. */
  #resume(file: CallFile, happened: Happening, road: Road): PromisedStream {
    const { callId, from, to } = file.info
    // Until the stream is there, and has ended in its turn.
    this.#owe(callId)
    const resumed = { happened, said: file.farewell?.said ?? [], spentMs: this.#clock.now() - file.openedMs }
    return this.#promise(file, { callId, from, to, resumed }, road)
  }

  #promise(file: CallFile, info: CallInfo, road: Road): PromisedStream {
    const number = file.promise(info)
    this.#files.set(info.callId, file)
    return { number, token: this.#tokens.issue(info.callId), behind: road.expect(info) }
  }

  #fileOf(callSid: string): CallFile | undefined {
    return this.#live.get(callSid)?.file ?? this.#files.get(callSid)
  }

  streamStatus(form: Form, callSid: string): HttpReply {
    const event = field(form, 'StreamEvent')
    const fields = { callId: callSid, event, error: field(form, 'StreamError') || undefined }
    if (event === 'stream-error') this.#log.warn(fields, 'stream status')
    else this.#log.info(fields, 'stream status')
    return { status: 204 }
  }

  callStatus(form: Form, callSid: string): HttpReply {
    const status = field(form, 'CallStatus')
    this.#log.info({ callId: callSid, status, sequence: field(form, 'SequenceNumber') }, 'call status')
    // Callbacks come in any order, but nothing comes after an end.
    if (endedStatuses.includes(status)) this.#files.delete(callSid)
    return { status: 204 }
  }

  /** Resolves when Twilio has come for what we owe to every call that is between two doors, after `ms` at the latest. */
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
    this.#owed.get(callSid)?.abort()
    const paid = new AbortController()
    this.#owed.set(callSid, paid)
    // Twilio asks within a second or never: then the caller was gone before us.
    this.#clock.after(OWED_MS, () => this.#pay(callSid), paid.signal)
  }

  #pay(callSid: string): void {
    this.#owed.get(callSid)?.abort()
    this.#owed.delete(callSid)
    if (this.#owed.size === 0) this.#paid?.()
  }

  /** Takes no more calls. */
  close(): void {
    this.#end.abort()
    for (const paid of this.#owed.values()) paid.abort()
  }
}

/** `CallStatus` of a call that nobody is on any more. */
const endedStatuses: readonly string[] = ['completed', 'busy', 'failed', 'no-answer', 'canceled']

function twiml(body: string): HttpReply {
  return { status: 200, type: 'text/xml', body }
}

/** A form's field; the first when it was sent twice, empty when not at all, and never longer than is good for a log. */
export function field(form: Form, name: string): string {
  const value = Object.hasOwn(form, name) ? form[name] : undefined
  return ((Array.isArray(value) ? value[0] : value) ?? '').slice(0, 256)
}
