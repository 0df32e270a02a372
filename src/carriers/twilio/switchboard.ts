import type { Clock } from '../../base/clock.ts'
import type { HttpReply } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import type { Refusal } from '../../call/admission.ts'
import type { Happening } from '../../call/info.ts'
import type { PublicAddress } from './address.ts'
import type { Asked } from './asked.ts'
import type { CallFile } from './call-file.ts'
import { CallFiles } from './call-files.ts'
import { CallLookup } from './call-lookup.ts'
import { dialledIn, type Form, field, isOver, numbersIn } from './form.ts'
import { knownCall } from './known-call.ts'
import { LiveCalls } from './live-calls.ts'
import type { StreamState } from './media-stream.ts'
import { type KnownCall, type LastWords, type Next, whatComesNext } from './next.ts'
import { overflow } from './overflow.ts'
import { Presence } from './presence.ts'
import type { Claim, Ending, Line, Register, Welcome } from './register.ts'
import type { Road, SwitchboardOptions } from './switchboard-options.ts'
import { StreamTokens, TOKEN_LIFE_MS } from './token.ts'
import {
  dialTwiml,
  digitsTwiml,
  handOverTwiml,
  hangUpTwiml,
  holdTwiml,
  type Numbers,
  type PromisedStream,
  RING_S,
  streamTwiml,
  wordsTwiml,
} from './twiml.ts'

/** Twilio waits 15 s for an answer; after that it may ask again [ms]. */
const REPEATED_MS = 30_000
/** How long Twilio may take to ask what comes next: within a second or never, then the caller was gone before us [ms]. */
const OWED_MS = 5000
/** Who is transferred may come back until nobody has answered for so long [ms]. */
const TRANSFERRED_MS = (RING_S + 10) * 1000

/**
 * The calls of one carrier between their webhook and what comes after: the HTTP side. It is the only one, however many
 * processes carry the calls, so nothing depends on which connection brought a request; and what it knows is in the
 * store too, so that another process can go on when this one is gone.
 *
 * ```
 *   voice ─▶ no room: overflow plan
 *     └────▶ stream ── over ─▶ next ─▶ hang up | fallback number | last words
 *              ▲                 ├─▶ dial a human ─▶ next ─▶ hang up: it was taken
 *              ├── come back ────│────────────────────┘ it was not
 *              └── digits ───────┘
 * ```
 * The same question gets the same answer: Twilio repeats one whose answer did not reach it in time.
 */
export class Switchboard implements Register, Disposable {
  readonly #options: SwitchboardOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #tokens: StreamTokens
  readonly #files: CallFiles
  readonly #presence: Presence
  readonly #live: LiveCalls
  readonly #lookup: CallLookup
  #closed = false
  #goingDown = false

  constructor(options: SwitchboardOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#log = options.log
    this.#tokens = new StreamTokens(options)
    this.#files = new CallFiles(options)
    this.#live = new LiveCalls(options.clock)
    this.#lookup = new CallLookup(this.#files, this.#live, options.clock)
    this.#presence = new Presence(options.clock, (callId) => options.admission.left(callId))
  }

  /** @param waitedS how long the caller has been held for us so far. */
  async announce(form: Form, callSid: string, waitedS: number, road: Road): Promise<HttpReply> {
    const numbers = numbersIn(form)
    // Whose telephone rings is new here. Else it may be a call of ours, of which Twilio asks the webhook as its fallback.
    const isNew = field(form, 'CallStatus') === 'ringing'
    const known = isNew ? this.#lookup.here(callSid) : await this.#lookup.latest(callSid)
    const { announcement } = known ?? {}
    const isRepeated = announcement !== undefined && this.#clock.now() - announcement.atMs < REPEATED_MS
    if (isRepeated && !this.#goingDown) return announcement.reply
    if (known?.begun && !known.record.over) {
      const reply = await this.next(form, callSid, {}, road)
      // Until the stream is there that it promises, if it does.
      known.announcement = { reply, atMs: this.#clock.now() }
      return reply
    }
    if (this.#files.isOver(callSid)) return twiml(hangUpTwiml())
    const refusal = this.#closed ? 'draining' : this.#options.admission.ask({ callId: callSid, ...numbers })
    if (refusal !== undefined) return this.#turnAway(callSid, refusal, waitedS, numbers, road)
    const file = known === undefined || known.record.over ? this.#files.open(callSid) : known
    const reply = twiml(streamTwiml(road.address, this.#promise(file, numbers, undefined, road)))
    file.announcement = { reply, atMs: this.#clock.now() }
    this.#log.info({ callId: callSid }, 'call announced')
    return reply
  }

  async started({ callSid, token }: Claim, line: Line): Promise<Welcome> {
    const promised = await this.#tokens.redeem(token, callSid)
    if ('fault' in promised) return promised
    const { stream, happened, ...numbers } = promised
    const here = this.#lookup.here(callSid)
    const isOurs = (here?.record.streams ?? 0) >= stream
    const file = (isOurs ? here : await this.#files.latest(callSid)) ?? this.#files.open(callSid)
    if (file.record.over) return { fault: 'expired' }
    // Promised by another process, of which the store has not heard everything yet.
    file.catchUp(stream)
    if (happened !== undefined) await this.#files.complete(file)
    file.started()
    this.#live.begin(file, stream, line)
    this.#presence.stay(callSid)
    return { info: file.info(numbers, happened, this.#options.now()) }
  }

  over(callSid: string, line: Line, { farewell, byCaller }: Ending): void {
    const { file, stream = 0 } = this.#live.end(callSid, line) ?? {}
    if (file === undefined) return
    if (stream < file.record.streams) {
      // Another one is promised already.
      if (this.#presence.has(callSid)) this.#presence.expect(callSid, TOKEN_LIFE_MS)
      return
    }
    file.over(farewell)
    this.#files.keep(file)
    if (byCaller || file.record.over) this.#presence.leave(callSid)
    else this.#presence.expect(callSid, OWED_MS)
  }

  /** What comes after a stream, or after a human was dialled. */
  async next(form: Form, callSid: string, asked: Asked, road: Road): Promise<HttpReply> {
    if (isOver(form)) this.#end(callSid)
    if (isOver(form) || asked.lastWords !== undefined) {
      // All that has to be known is in the question.
      const next = whatComesNext(this.#known(form, asked, undefined, undefined))
      return twiml(next.type === 'words' ? wordsTwiml(next.words) : hangUpTwiml())
    }
    // Whom the human was dialled for is known to who did it.
    const isDialled = dialledIn(form, asked) !== ''
    const known = isDialled ? await this.#lookup.latest(callSid) : await this.#lookup.after(callSid, asked.stream)
    const file = known ?? this.#files.open(callSid)
    file.catchUp(asked.stream ?? 0)
    const { stream = file.record.streams, dialled, handed } = asked
    const question = [stream, field(form, 'DialCallSid'), field(form, 'DialCallStatus'), dialled, handed].join(' ')
    return file.answerTo(question, () => this.#answer(form, { ...asked, stream }, file, road))
  }

  /** Twilio asks only when the stream is over for it; so while the call goes on, one that looks open here is half-open. */
  async #answer(
    form: Form,
    asked: Asked & { readonly stream: number },
    file: CallFile,
    road: Road,
  ): Promise<HttpReply> {
    const { callId } = file
    const state = await this.#live.lose(
      callId,
      asked.stream,
      'Twilio is done with the stream, and the socket did not say so',
    )
    const next = whatComesNext(this.#known(form, asked, file, state))
    if (next.type === 'come-back' || next.type === 'digits') await this.#files.complete(file)
    const dialled = dialledIn(form, asked)
    const whom = next.type === 'transfer' ? next.destination : dialled && file.record.destination
    const fields = { next: next.type, status: field(form, 'CallStatus') }
    this.#log.info(
      { callId, ...fields, ...(whom ? { destination: whom } : {}), ...(dialled ? { dialled } : {}) },
      'after the stream',
    )
    return twiml(this.#carryOut(next, form, asked, file, road))
  }

  #known(form: Form, asked: Asked, file: CallFile | undefined, stream: StreamState | undefined): KnownCall {
    // Who was stopped here was stopped because we go down.
    const goingDown = this.#goingDown || file?.isStopped === true
    return knownCall({ form, asked, file, stream, goingDown }, this.#options)
  }

  #carryOut(next: Next, form: Form, asked: Asked, file: CallFile, road: Road): string {
    const { address } = road
    switch (next.type) {
      case 'hang-up':
        this.#leave(file)
        return hangUpTwiml()
      case 'words':
        this.#leave(file)
        return wordsTwiml(next.words)
      case 'fall-back':
        this.#leave(file)
        return this.#fallBack(next.words, numbersIn(form), address)
      case 'hand-over':
        this.#presence.leave(file.callId)
        return handOverTwiml(address, {
          ...{ stream: asked.stream, dialled: dialledIn(form, asked) || undefined },
          handed: (asked.handed ?? 0) + 1,
        })
      case 'transfer':
        file.transferredTo(next.destination)
        this.#files.keep(file)
        this.#presence.expect(file.callId, TRANSFERRED_MS)
        return dialTwiml(address, next.number, numbersIn(form), { stream: file.record.streams })
      case 'digits':
        return digitsTwiml(address, next.digits, this.#resume(file, form, { type: 'digits-sent' }, road))
      case 'come-back': {
        const { now, resume } = this.#options
        if (next.counted) file.recover(now(), resume.windowMs)
        return streamTwiml(address, this.#resume(file, form, next.happened, road))
      }
    }
  }

  /** It is our call already, so it comes in also when nobody is welcome; but it takes a place where there is one. */
  #resume(file: CallFile, form: Form, happened: Happening, road: Road): PromisedStream {
    const numbers = numbersIn(form)
    this.#options.admission.ask({ callId: file.callId, ...numbers })
    return this.#promise(file, numbers, file.begun ? happened : undefined, road)
  }

  #promise(file: CallFile, numbers: Numbers, happened: Happening | undefined, road: Road): PromisedStream {
    const number = file.promise()
    this.#files.keep(file)
    this.#presence.expect(file.callId, TOKEN_LIFE_MS)
    const token = this.#tokens.issue(file.callId, { stream: number, ...numbers, happened })
    return { number, token, behind: road.expect(file.info(numbers, happened, this.#options.now())) }
  }

  #turnAway(callId: string, refusal: Refusal, waitedS: number, numbers: Numbers, { address }: Road): HttpReply {
    this.#presence.leave(callId)
    const hasFallback = this.#options.fallbackNumber !== undefined
    const plan = overflow(this.#options.overflow, { refusal, hasFallback, waitedS })
    this.#log.warn({ callId, refusal, plan: plan.type, waitedS }, 'call turned away')
    if (plan.type === 'hold') return twiml(holdTwiml(address, plan.waitedS))
    return twiml(plan.type === 'words' ? wordsTwiml('busy') : this.#fallBack('busy', numbers, address))
  }

  #fallBack(lastWords: LastWords, numbers: Numbers, address: PublicAddress): string {
    const { fallbackNumber } = this.#options
    return fallbackNumber === undefined
      ? wordsTwiml(lastWords)
      : dialTwiml(address, fallbackNumber, numbers, { lastWords })
  }

  /** The caller hears no more from us than what is being answered. */
  #leave(file: CallFile): void {
    file.said = []
    this.#presence.leave(file.callId)
  }

  /** The carrier says that the call is over: nothing comes after it, whoever is asked. */
  #end(callSid: string): void {
    this.#presence.leave(callSid)
    const end = (file: CallFile | undefined) => {
      if (file === undefined || file.record.over) return
      file.end()
      this.#files.keep(file)
    }
    const here = this.#lookup.here(callSid)
    if (here === undefined) void this.#files.latest(callSid).then(end)
    else end(here)
  }

  callStatus(form: Form, callSid: string): HttpReply {
    const status = field(form, 'CallStatus')
    this.#log.info({ callId: callSid, status, sequence: field(form, 'SequenceNumber') }, 'call status')
    // Callbacks come in any order, but nothing comes after an end.
    if (isOver(form)) this.#end(callSid)
    return { status: 204 }
  }

  /** Resolves when no call is here: none announced, live, or between two of our doors; after `ms` at the latest. */
  async settle(ms: number): Promise<void> {
    await this.#presence.settle(ms)
  }

  /**
   * Takes no more new calls; ours go on, and may come back. Those whose stream is stopped here are handed over to
   * another process, which shares the store.
   */
  close(): void {
    this.#closed = true
  }

  /** Gives up every place, and hands over whoever is still asked for. */
  [Symbol.dispose](): void {
    this.#closed = true
    this.#goingDown = true
    this.#presence[Symbol.dispose]()
  }
}

function twiml(body: string): HttpReply {
  return { status: 200, type: 'text/xml', body }
}
