import type { BadLine } from './bad-line.ts'
import { type Handset, MediaStream, type Wire } from './media-stream.ts'
import type { Question, Verb } from './twiml.ts'

/** What the call is at. */
export type CallStep =
  /** The server is asked what is to happen, or its socket is being opened. */
  | { readonly type: 'calling' }
  | { readonly type: 'talking' }
  /** The server has no agent for us, but words. */
  | { readonly type: 'words'; readonly text: string }
  | { readonly type: 'digits'; readonly digits: string }
  | { readonly type: 'waiting' }
  /** The caller is to be put through: whoever plays the world outside says how that went. */
  | { readonly type: 'dialling'; readonly number: string }

/** How a human who was dialled took it. */
export type Dialled = 'completed' | 'no-answer' | 'busy'

/** How the call came to its end. */
export type CallEnding =
  | { readonly type: 'hung-up'; readonly by: 'caller' | 'server' }
  | { readonly type: 'rejected'; readonly reason: 'busy' | 'rejected' }
  | { readonly type: 'failed'; readonly why: 'unreachable' | 'signed-out' | 'too-many' | 'no-answer' | 'circles' }

/** What the server answered to a webhook; `verbs` absent: no TwiML. */
export interface Answer {
  readonly status: number
  readonly verbs?: readonly Verb[] | undefined
}

/** The world around a call. What waits gives up when the signal aborts, and never rejects then. */
export interface CallWorld {
  readonly handset: Handset
  /** Rejects when the server cannot be reached. */
  ask(question: Question, form: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer>
  connect(behind: string): Wire
  /** Says the carrier's own words. */
  say(text: string, signal: AbortSignal): Promise<void>
  /** Plays keys. */
  dial(digits: string, signal: AbortSignal): Promise<void>
  wait(ms: number, signal: AbortSignal): Promise<void>
  line(): BadLine
  muted(): boolean
  random(): number
}

export interface PhoneCallOptions {
  readonly world: CallWorld
  /** 64 hexadecimal digits; what makes the call ours. */
  readonly phoneKey: string
  /** What belongs to the key. */
  readonly callSid: string
  readonly from: string
  /** The number that is called; `undefined`: whoever answers all others. */
  readonly to: string | undefined
  readonly onStep: (step: CallStep) => void
}

type Onward =
  | { readonly ask: Question; readonly form?: Readonly<Record<string, string>> }
  | { readonly end: CallEnding }

const ACCOUNT = `AC${'0'.repeat(32)}`
/** A call runs through so many documents at most. */
const DOCUMENTS_MAX = 200
/** A server that restarts is asked again [ms]. */
const PATIENCE_MS = [500, 1000, 2000, 4000]

/**
 * One call of a small telephone company in the page: it asks the voice webhook, does what the TwiML says, and asks what
 * comes next.
 *
 * ```
 *   voice ─▶ TwiML ─▶ verb … <Connect><Stream>: socket, media ─▶ closed ─▶ action ─▶ TwiML … ─▶ <Hangup>, or no verb left
 *                          <Dial>: nobody is really dialled; `settle` says how it went ─▶ action
 * ```
 */
export class PhoneCall {
  readonly callSid: string
  readonly ended: Promise<CallEnding>
  readonly #options: PhoneCallOptions
  readonly #world: CallWorld
  /** Aborts when the caller has hung up. */
  readonly #over = new AbortController()
  #status = 'ringing'
  #stream: MediaStream | undefined
  #dialled: ((how: Dialled) => void) | undefined

  constructor(options: PhoneCallOptions) {
    this.#options = options
    this.#world = options.world
    this.callSid = options.callSid
    this.ended = this.#run()
  }

  /** The caller hangs up; harmless when the call is over. */
  hangUp(): void {
    if (this.#over.signal.aborted) return
    this.#over.abort()
    const told = this.#stream?.isOpen === true
    this.#stream?.hangUp()
    // Else nobody tells the server that nobody is there any more.
    if (!told) this.#ask({ door: 'next', query: '' }, { CallStatus: 'completed' }).catch(() => undefined)
  }

  /** Presses a key; false when nobody is there to hear it. */
  press(digit: string): boolean {
    return this.#stream?.press(digit) ?? false
  }

  /** Says how the human took it who is being dialled. */
  settle(how: Dialled): void {
    this.#dialled?.(how)
  }

  async #run(): Promise<CallEnding> {
    let next: Onward = { ask: { door: 'voice', query: '' } }
    for (let documents = 0; documents < DOCUMENTS_MAX; documents++) {
      if (this.#over.signal.aborted) return BY_CALLER
      if ('end' in next) return next.end
      const verbs: readonly Verb[] | CallEnding = await this.#document(next.ask, next.form ?? {})
      if (this.#over.signal.aborted) return BY_CALLER
      if ('type' in verbs) return verbs
      this.#status = 'in-progress'
      next = await this.#carryOut(verbs)
    }
    return { type: 'failed', why: 'circles' }
  }

  async #document(ask: Question, form: Readonly<Record<string, string>>): Promise<readonly Verb[] | CallEnding> {
    this.#options.onStep({ type: 'calling' })
    for (const waitMs of [...PATIENCE_MS, undefined]) {
      const answer = await this.#ask(ask, form, this.#over.signal).catch(() => undefined)
      if (this.#over.signal.aborted) return BY_CALLER
      if (answer?.verbs !== undefined && answer.status < 300) return answer.verbs
      if (answer !== undefined && answer.status < 500) return { type: 'failed', why: whyOf(answer.status) }
      // Before anything was said, a refusal is better heard at once.
      if (waitMs === undefined || this.#status === 'ringing') break
      await this.#world.wait(waitMs, this.#over.signal)
    }
    return { type: 'failed', why: 'unreachable' }
  }

  #ask(ask: Question, form: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer> {
    const { phoneKey, callSid, from, to } = this.#options
    const waited = ask.door === 'voice' ? new URLSearchParams(ask.query).get('waited') : null
    const whole = {
      ...{ PhoneKey: phoneKey, CallSid: callSid, AccountSid: ACCOUNT, From: from, CallStatus: this.#status },
      ...(to === undefined ? {} : { To: to }),
      ...(waited === null ? {} : { Waited: waited }),
      ...form,
    }
    return this.#world.ask(ask, whole, signal)
  }

  async #carryOut(verbs: readonly Verb[]): Promise<Onward> {
    for (const verb of verbs) {
      const onward = await this.#carryOutOne(verb)
      if (this.#over.signal.aborted) return { end: BY_CALLER }
      if (onward !== undefined) return onward
    }
    return { end: BY_SERVER }
  }

  /** `undefined`: the next verb. */
  async #carryOutOne(verb: Verb): Promise<Onward | undefined> {
    const { signal } = this.#over
    const { onStep } = this.#options
    switch (verb.type) {
      case 'stream':
        await this.#talk(verb)
        return verb.action === undefined ? undefined : { ask: verb.action }
      case 'dial':
        return this.#putThrough(verb)
      case 'say':
        onStep({ type: 'words', text: verb.text })
        return void (await this.#world.say(verb.text, signal))
      case 'digits':
        onStep({ type: 'digits', digits: verb.digits })
        return void (await this.#world.dial(verb.digits, signal))
      case 'pause':
        onStep({ type: 'waiting' })
        return void (await this.#world.wait(verb.ms, signal))
      case 'redirect':
        return { ask: verb.to }
      case 'hangup':
        return { end: BY_SERVER }
      case 'reject':
        return { end: { type: 'rejected', reason: verb.reason } }
      case 'unknown':
        return undefined
    }
  }

  async #talk({ behind, parameters }: Extract<Verb, { type: 'stream' }>): Promise<void> {
    const { callSid, onStep } = this.#options
    const { handset, line, muted, random } = this.#world
    const streamSid = `MZ${Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')}`
    this.#stream = new MediaStream({
      identity: { accountSid: ACCOUNT, callSid, streamSid, parameters },
      wire: this.#world.connect(behind),
      ...{ handset, line, muted, random, opened: () => onStep({ type: 'talking' }) },
    })
    await this.#stream.ended
    this.#stream = undefined
  }

  /** Nobody is really dialled: it rings until somebody says how it went, or for as long as the server lets it. */
  async #putThrough({ number, ringMs, action }: Extract<Verb, { type: 'dial' }>): Promise<Onward | undefined> {
    const settled = new AbortController()
    let how: Dialled = 'no-answer'
    this.#dialled = (said) => {
      how = said
      settled.abort()
    }
    this.#options.onStep({ type: 'dialling', number })
    await this.#world.wait(ringMs, AbortSignal.any([this.#over.signal, settled.signal]))
    this.#dialled = undefined
    if (action === undefined) return undefined
    const sid = `CA${Array.from({ length: 32 }, () => Math.floor(this.#world.random() * 16).toString(16)).join('')}`
    return { ask: action, form: { DialCallStatus: how, DialCallSid: sid } }
  }
}

const BY_CALLER: CallEnding = { type: 'hung-up', by: 'caller' }
const BY_SERVER: CallEnding = { type: 'hung-up', by: 'server' }

function whyOf(status: number): Extract<CallEnding, { type: 'failed' }>['why'] {
  if (status === 401) return 'signed-out'
  return status === 429 ? 'too-many' : 'no-answer'
}
