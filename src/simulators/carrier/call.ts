import { type Clock, systemClock } from '../../base/clock.ts'
import { Callbacks } from './callbacks.ts'
import { type Ask, type Document, type DocumentSource, fetchDocument, resolveUrl } from './document.ts'
import type { CallEnd, CallStatus, Happening, PhoneEvent } from './events.ts'
import { type FaultNow, makeRandom } from './faults.ts'
import { PhoneLine, type Recording } from './line.ts'
import type { SimulatedCallOptions } from './options.ts'
import { type CallIdentity, inboundForm, makeSid } from './parameters.ts'
import { makeRoute } from './route.ts'
import { Streams } from './streams.ts'
import { Keypad, runVerb, type Stage } from './verbs.ts'
import { WebhookClient, WebhookError } from './webhook.ts'

/** Documents a call may run through: a circle of redirects ends here. */
const MAX_DOCUMENTS = 1000
const DEFAULT_MAX_CALL_MS = 600_000
const KEY = /^[0-9A-D#*]$/

type EventOf<T extends PhoneEvent['type']> = Extract<PhoneEvent, { type: T }>

/** One simulated telephone call: the person with the phone, and the carrier between him and the server. */
export interface SimulatedCall extends AsyncDisposable {
  readonly callSid: string
  /** Resolves when the call is over and its callbacks have been answered. */
  readonly ended: Promise<CallEnd>
  /** Length of the recording so far [ms]. */
  readonly recordedMs: number
  /** Adds a listener; one that is added in the same turn as the call was started misses nothing. It must not throw. */
  listen(listener: (event: PhoneEvent) => void): void
  /** The next event of this type that `matches`; rejects when the call ends before it comes. */
  next<T extends PhoneEvent['type']>(type: T, matches?: (event: EventOf<T>) => boolean): Promise<EventOf<T>>
  /**
   * Says this (mu-law 8 kHz) after what is still to be said. Resolves when its last frame was sent, or the call is over.
   * Words before the first media stream wait for it; later ones do not wait and may be lost, as on any phone.
   * @throws RangeError when it is longer than the longest call.
   */
  speak(mulaw: Uint8Array): Promise<void>
  /** Presses a key: 0-9, A-D, # or *. @throws RangeError for any other. */
  press(digit: string): void
  /** Makes something go wrong now, between the carrier and the server; nothing when no stream is open. */
  strike(fault: FaultNow): void
  /** Hangs up; harmless when the call is over. */
  hangUp(): void
  /** What was said and heard so far: same length, same time. */
  recording(): Recording
}

/**
 * Calls a number whose voice URL is `webhookUrl`, and plays the carrier's part until somebody hangs up.
 *
 * ```
 *   POST voice URL ─▶ TwiML ─▶ verb … <Connect><Stream>: upgrade, media ─▶ closed ─▶ action URL or next verb ─▶ … ─▶ end
 *        └ else the fallback URL            └ stream status callback                              status callback ┘
 *   the line: 20 ms frames both ways, recorded ├───────────────── from answer to end ──────────────────────────────┤
 * ```
 * Dispose ends the call without waiting for anybody: sockets are broken, callbacks under way are dropped.
 */
export function startSimulatedCall(options: SimulatedCallOptions): SimulatedCall {
  return new Phone(options)
}

class Phone implements SimulatedCall {
  readonly ended: Promise<CallEnd>
  readonly #options: SimulatedCallOptions
  readonly #identity: CallIdentity
  readonly #clock: Clock
  readonly #callbacks: Callbacks
  readonly #line: PhoneLine
  readonly #streams: Streams
  readonly #documents: DocumentSource
  readonly #keypad = new Keypad()
  readonly #listeners = new Set<(event: PhoneEvent) => void>()
  /** Aborts when the call is over. */
  readonly #over = new AbortController()
  readonly #disposed = new AbortController()
  #status: CallStatus = 'ringing'
  #end: CallEnd | undefined
  /** `ended`, once it was told. */
  #last: PhoneEvent | undefined

  constructor(options: SimulatedCallOptions) {
    const clock = options.clock ?? systemClock
    const route = makeRoute(options.webhookUrl, options.connectTo)
    const client = new WebhookClient({ clock, authToken: options.authToken, route, limits: options.webhookLimits })
    const tell = (happening: Happening) => this.#tell(happening)
    const identity: CallIdentity = {
      accountSid: options.accountSid ?? `AC${'0'.repeat(32)}`,
      callSid: options.callSid ?? makeSid('CA'),
      from: options.from ?? '+14155550123',
      to: options.to ?? '+14155550199',
    }
    this.#options = options
    this.#identity = identity
    this.#clock = clock
    const form = () => this.#form()
    this.#callbacks = new Callbacks({
      client,
      tell,
      signal: this.#disposed.signal,
      form,
      status: options.statusCallback,
    })
    this.#line = new PhoneLine({
      clock,
      maxMs: options.maxCallMs ?? DEFAULT_MAX_CALL_MS,
      record: options.record ?? true,
      heard: (audio) => this.#tell({ type: 'audio-heard', audio }, this.#line.recordedMs),
      full: () => this.#tooLong(),
    })
    const random = makeRandom(options.seed ?? Math.random() * 2 ** 32)
    const shared = { identity, clock, random, route, tell, line: this.#line, callbacks: this.#callbacks }
    this.#streams = new Streams({ call: options, over: this.#over.signal, ...shared })
    const now = () => clock.now()
    this.#documents = { client, fallbackUrl: options.fallbackUrl, now, tell, signal: this.#over.signal }
    // A turn later: who starts a call has the chance to listen first.
    this.ended = Promise.resolve().then(() => this.#run())
  }

  get callSid(): string {
    return this.#identity.callSid
  }

  get recordedMs(): number {
    return this.#line.recordedMs
  }

  listen(listener: (event: PhoneEvent) => void): void {
    this.#listeners.add(listener)
  }

  next<T extends PhoneEvent['type']>(
    type: T,
    matches: (event: EventOf<T>) => boolean = () => true,
  ): Promise<EventOf<T>> {
    const { promise, resolve, reject } = Promise.withResolvers<EventOf<T>>()
    const isOfType = (event: PhoneEvent): event is EventOf<T> => event.type === type
    const listener = (event: PhoneEvent) => {
      if (isOfType(event) && matches(event)) resolve(event)
      else if (event.type === 'ended') reject(new Error(`the call ended before ${type}`))
      else return
      this.#listeners.delete(listener)
    }
    // Who asked and does not wait any more must not bring the process down.
    promise.catch(() => undefined)
    if (this.#last === undefined) this.#listeners.add(listener)
    else listener(this.#last)
    return promise
  }

  speak(mulaw: Uint8Array): Promise<void> {
    return this.#line.speak(mulaw)
  }

  press(digit: string): void {
    if (!KEY.test(digit)) throw new RangeError(`not a key of a telephone: ${digit}`)
    if (!this.#streams.dtmf(digit)) this.#keypad.press(digit)
  }

  strike(fault: FaultNow): void {
    this.#streams.strike(fault)
  }

  hangUp(): void {
    this.#finish('caller', this.#status === 'ringing' ? 'no-answer' : 'completed')
  }

  recording(): Recording {
    return this.#line.recording()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp()
    this.#disposed.abort()
    await this.#streams[Symbol.asyncDispose]()
    await this.ended
  }

  #tell(happening: Happening, atMs = this.#line.nowMs): void {
    const event: PhoneEvent = { atMs, ...happening }
    if (event.type === 'ended') this.#last = event
    for (const listener of [...this.#listeners]) listener(event)
  }

  #form(): Record<string, string> {
    return { ...inboundForm(this.#identity), ...this.#options.form, CallStatus: this.#status }
  }

  /** Settles how the call ended: the first reason counts. */
  #finish(by: CallEnd['by'], status: CallStatus, code?: number): CallEnd {
    if (this.#end !== undefined) return this.#end
    this.#end = { by, status, ...(code !== undefined && { code }), durationMs: this.#line.nowMs }
    this.#over.abort()
    this.#line.close()
    return this.#end
  }

  #tooLong(): void {
    this.#tell({ type: 'warning', code: 32015, level: 'warning', message: 'the longest call is over' })
    this.#finish('carrier', 'completed', 32015)
  }

  async #run(): Promise<CallEnd> {
    this.#callbacks.progress('initiated', 'initiated')
    this.#callbacks.progress('ringing', 'ringing')
    const end = await this.#talk()
    await this.#streams.closed()
    this.#status = end.status
    this.#callbacks.progress('completed', end.status, end.durationMs)
    await this.#callbacks.settled
    this.#tell({ type: 'ended', ...end })
    return end
  }

  async #talk(): Promise<CallEnd> {
    try {
      return this.#finish('server', await this.#runDocuments())
    } catch (error) {
      if (this.#over.signal.aborted) return this.#finish('carrier', 'completed')
      if (!(error instanceof WebhookError)) throw error
      this.#answer()
      this.#tell({ type: 'verb', verb: { type: 'say', text: 'An application error has occurred. Goodbye.' } })
      return this.#finish('carrier', 'completed', error.code)
    }
  }

  /** From document to document, until the last verb of one leads to no other. */
  async #runDocuments(): Promise<CallStatus> {
    let ask: Ask = { url: this.#options.webhookUrl, method: 'POST', form: {} }
    for (let count = 0; count < MAX_DOCUMENTS; count++) {
      const document = await fetchDocument({ ...ask, form: { ...this.#form(), ...ask.form } }, this.#documents)
      const next = await this.#runDocument(document)
      if (typeof next === 'string') return next
      ask = { ...next, url: resolveUrl(next.url, document.url) }
    }
    throw new WebhookError(11215, 'the documents lead in a circle')
  }

  /** Carries out a document; resolves with what to ask next, or with how the call ends. */
  async #runDocument(document: Document): Promise<Ask | CallStatus> {
    const stage: Stage = {
      clock: this.#clock,
      signal: this.#over.signal,
      tell: (happening) => this.#tell(happening),
      keypad: this.#keypad,
      numbers: [this.#identity.from, this.#identity.to],
      openStream: (verb) => this.#streams.run(verb, document.url),
      dial: this.#options.dial ?? ((_, timeoutMs) => ({ status: 'no-answer', ringMs: timeoutMs })),
    }
    for (const verb of document.verbs) {
      if (verb.type !== 'reject') this.#answer()
      const next = await runVerb(verb, stage)
      this.#over.signal.throwIfAborted()
      if (next.type === 'ask') return next
      if (next.type === 'over') return next.status
    }
    return 'completed'
  }

  /** The carrier takes the call: the line stands from now on. */
  #answer(): void {
    if (this.#status !== 'ringing') return
    this.#status = 'in-progress'
    this.#line.open()
    this.#callbacks.progress('answered', 'in-progress')
  }
}
