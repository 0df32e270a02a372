import type { Clock } from '../../base/clock.ts'
import type { FormRequest, HttpReply } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import type { CallOutcome } from '../../call/events.ts'
import type { CallInfo } from '../../call/info.ts'
import type { PublicAddress } from './address.ts'
import { ExpiringMap } from './expiring-map.ts'
import { type Next, whatComesNext } from './next.ts'
import type { Claim, Ending, Line, Register, Welcome } from './register.ts'
import { StreamTokens } from './token.ts'
import { apologyTwiml, busyTwiml, hangUpTwiml, streamTwiml } from './twiml.ts'

export interface SwitchboardOptions {
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

/**
 * The calls of one carrier between their webhook and what comes after: the HTTP side. It is the only one, however many
 * processes carry the calls, so nothing depends on which connection brought a request.
 */
export class Switchboard implements Register {
  readonly #admit: () => boolean
  readonly #clock: Clock
  readonly #log: Logger
  readonly #tokens: StreamTokens
  readonly #announced: ExpiringMap<CallInfo>
  readonly #outcomes: ExpiringMap<CallOutcome>
  readonly #live = new Map<string, Line>()
  /** Calls that we ended and that Twilio has not asked about yet: their callers wait for our last words. */
  readonly #owed = new Set<string>()
  #paid: (() => void) | undefined
  readonly #end = new AbortController()

  constructor({ admit, clock, log }: SwitchboardOptions) {
    this.#admit = admit
    this.#clock = clock
    this.#log = log
    this.#tokens = new StreamTokens(clock)
    this.#announced = new ExpiringMap(clock, ANNOUNCED_MS, REMEMBERED)
    this.#outcomes = new ExpiringMap(clock, OUTCOME_MS, REMEMBERED)
  }

  announce(form: FormRequest['form'], callSid: string, address: PublicAddress): HttpReply {
    if (this.#end.signal.aborted || !this.#admit()) {
      this.#log.warn({ callId: callSid }, 'call turned away: not open')
      return twiml(busyTwiml())
    }
    this.#announced.set(callSid, { callId: callSid, from: field(form, 'From'), to: field(form, 'To') })
    this.#log.info({ callId: callSid }, 'call announced')
    return twiml(streamTwiml(address, this.#tokens.issue(callSid)))
  }

  async started({ callSid, token }: Claim, line: Line): Promise<Welcome> {
    const fault = this.#tokens.redeem(token, callSid)
    if (fault !== undefined) return { fault }
    // A new stream of the same call means that its old one is dead.
    void this.#live.get(callSid)?.lose('the call has a new stream')
    this.#live.set(callSid, line)
    return { info: this.#announced.get(callSid) ?? { callId: callSid, from: '', to: '' } }
  }

  over(callSid: string, line: Line, { farewell, byCaller }: Ending): void {
    if (this.#live.get(callSid) !== line) return
    this.#live.delete(callSid)
    this.#outcomes.set(callSid, farewell.outcome)
    if (!byCaller) this.#owe(callSid)
  }

  /**
   * Twilio asks only when the stream is over for it; so while the call goes on, a stream that looks open here is
   * half-open. When the caller has hung up, its `stop` may still be on the way to us: nothing is said then. Who carries
   * the stream is asked, because what it has to say of the call's end may be on the way too.
   */
  async next(form: FormRequest['form'], callSid: string): Promise<HttpReply> {
    const status = field(form, 'CallStatus')
    this.#pay(callSid)
    if (endedStatuses.includes(status)) return twiml(hangUpTwiml())
    const line = this.#live.get(callSid)
    const state = await line?.lose('Twilio is done with the stream, and the socket did not say so')
    const stillLive = line !== undefined && this.#live.get(callSid) === line
    const next = whatComesNext({
      outcome: this.#outcomes.get(callSid),
      stream: stillLive ? (state ?? 'open') : undefined,
      announced: this.#announced.get(callSid) !== undefined,
    })
    this.#log.info({ callId: callSid, next, status }, 'after the stream')
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

  /** Takes no more calls. */
  close(): void {
    this.#end.abort()
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
