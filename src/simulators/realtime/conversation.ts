/*
 * The agent's side of a session: at most one answer at a time, and what waits for one.
 *
 *   IDLE ──respond──▶ RESPONDING ──response.done──▶ IDLE        the caller's SPEECH may overlap either:
 *     ▲                  │ caller speaks, response.cancel         see turns.ts
 *     └──── tail ◀───────┘
 */
import type { Clock } from '../../base/clock.ts'
import type { Behaviour } from './behaviour.ts'
import type { SessionConfig } from './config.ts'
import type { Dialect } from './dialect.ts'
import type { Faults, StatusDetails } from './faults.ts'
import { makeId } from './ids.ts'
import type { Mind, ReplyRequest } from './mind.ts'
import { Response } from './response.ts'
import type { Wire } from './wire.ts'
import { Refusal } from './wire-error.ts'

/** Calls that are awaited, and outputs that wait for an answer: more than a model ever makes. */
const MAX_PENDING_TOOLS = 64
/** Typed messages that wait for an answer. */
const MAX_MESSAGES = 64
/** What a Node timer can hold [ms]. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface ConversationOptions {
  readonly wire: Wire
  readonly clock: Clock
  readonly behaviour: Behaviour
  readonly dialect: Dialect
  readonly faults: Faults
  readonly mind: Mind
  /** Aborts with the socket. */
  readonly life: AbortSignal
  config(): SessionConfig
  isSpeaking(): boolean
  /** So many audio deltas of the so manieth response (from 0) are out. */
  sounded(response: number, deltas: number): void
  /** So much more sound of an item went out [ms]. */
  spoke(itemId: string, ms: number): void
  failed(error: unknown): void
  responseEnded(): void
  /** The caller was silent for `idleMs`: the model speaks next. */
  prompting(idleMs: number): void
  /** No response for `idleCloseMs`. */
  idled(): void
}

/** What a response is asked with. */
export interface Ask {
  readonly trigger: 'turn' | 'create'
  readonly instructions?: string
  readonly modalities?: readonly string[]
  /** What is answered becomes no part of the conversation. */
  readonly isOutOfBand?: boolean
}

export class Conversation {
  readonly #options: ConversationOptions
  readonly #id = makeId('conv')
  #active: Response | undefined
  #playedAtMs = -Infinity
  /** A turn ended while an answer was still on its way out. */
  #turnWaits = false
  /** Names of the function calls that await their output, by `call_id`. */
  readonly #pendingTools = new Map<string, string>()
  #toolOutputs: { name: string; output: string }[] = []
  #messages: string[] = []
  #historyChars = 0
  #inputAudioMs = 0
  #responses = 0
  #idleClose = new AbortController()
  /** Stops the timer of a prompt for a silent caller. */
  #idlePrompt = new AbortController()

  constructor(options: ConversationOptions) {
    this.#options = options
    this.#armIdleClose()
  }

  get isResponding(): boolean {
    return this.#active !== undefined
  }

  /** Responses that were begun. */
  get responses(): number {
    return this.#responses
  }

  /** Text and sound the model was given beyond its settings, for the bill. */
  took(chars: number, audioMs: number): void {
    this.#historyChars += chars
    this.#inputAudioMs += audioMs
  }

  /**
   * The client asks for an answer.
   * @throws Refusal while one is active or, at some services, the caller speaks.
   */
  create(ask: Omit<Ask, 'trigger'>): void {
    const { activeResponse, createWhileSpeaking } = this.#options.dialect.complaints
    if (this.#active !== undefined) throw new Refusal(activeResponse(this.#active.id))
    if (createWhileSpeaking !== undefined && this.#options.isSpeaking()) throw new Refusal(createWhileSpeaking)
    this.#respond({ trigger: 'create', ...ask })
  }

  /** A turn of the caller's ended: it is answered now, or when the answer under way is out. */
  answerTurn(): void {
    const { clock, behaviour, life } = this.#options
    const answer = () => {
      if (this.#active === undefined) this.#respond({ trigger: 'turn' })
      else if (behaviour.busyTurn === 'wait') this.#turnWaits = true
    }
    if (behaviour.answerDelayMs === 0) answer()
    else clock.after(behaviour.answerDelayMs, answer, life)
  }

  /** The model speaks unasked, if it is free. */
  speakUnasked(): void {
    if (this.#active === undefined && !this.#options.isSpeaking()) this.#respond({ trigger: 'create' })
  }

  /** The caller speaks. `interrupts`: over an answer that is sent or, as far as this end can tell, still played. */
  callerSpoke(interrupts: boolean): void {
    this.#idlePrompt.abort()
    const isHeard = this.#active?.isCut === false || this.#playedAtMs > this.#options.clock.now()
    if (!interrupts || !isHeard) return
    this.#playedAtMs = -Infinity
    this.#options.mind.interrupted()
    this.#active?.interrupt('turn_detected')
  }

  /**
   * `response.cancel`.
   * @param responseId the response that is meant; undefined: the active one.
   * @throws Refusal when there is nothing to cancel.
   */
  cancel(responseId: unknown): void {
    const isMeant = responseId === undefined || responseId === this.#active?.id
    if (this.#active === undefined || !isMeant) throw new Refusal(this.#options.dialect.complaints.nothingToCancel)
    if (!this.#options.behaviour.acceptCancel) return
    if (this.#active.isCut) return
    this.#options.mind.interrupted()
    this.#active.interrupt('client_cancelled')
  }

  /**
   * The output of a function call.
   * @throws Refusal when no such call awaits one.
   */
  takeToolOutput(callId: string, output: string): void {
    const name = this.#pendingTools.get(callId)
    if (name === undefined) throw new Refusal(this.#options.dialect.complaints.unknownCall(callId))
    this.#pendingTools.delete(callId)
    this.#toolOutputs.push({ name, output })
    this.took(output.length, 0)
  }

  /** A message that the client typed: its words are read with the next answer; undefined: the model said it itself. */
  takeMessage(words: string | undefined, chars: number): void {
    this.took(chars, 0)
    if (words === undefined) return
    this.#messages.push(words)
    if (this.#messages.length > MAX_MESSAGES) this.#messages.shift()
  }

  /** For `autoAnswerTools`: all outputs are there. */
  answerTools(): void {
    if (this.#pendingTools.size === 0) this.speakUnasked()
  }

  /** A function call of an earlier session, whose output may follow. */
  takeCall(callId: string, name: string, chars: number): void {
    this.took(chars, 0)
    this.#awaitTool(callId, name)
  }

  /** The server ends the active response early. */
  finish(status: 'incomplete' | 'failed', details: StatusDetails): void {
    this.#active?.finish(status, details)
  }

  /** The active response gets no further event and stays active. */
  hang(): void {
    this.#active?.hang()
  }

  /** The active response gets no further event, `response.done` neither. */
  abandon(): void {
    this.#active?.abandon()
  }

  #respond(ask: Ask): void {
    const { wire, clock, behaviour, dialect, faults, mind } = this.#options
    this.#idlePrompt.abort()
    this.#armIdleClose()
    const config = this.#options.config()
    const index = this.#responses++
    const toolOutputs = this.#toolOutputs.splice(0)
    const messages = this.#messages.splice(0)
    const { instructions } = ask
    const request: ReplyRequest = {
      trigger: ask.trigger,
      toolOutputs,
      ...(messages.length === 0 ? {} : { messages }),
      ...(instructions === undefined ? {} : { instructions }),
    }
    const response = new Response({
      wire,
      clock,
      config,
      behaviour,
      faults,
      dialect,
      conversationId: ask.isOutOfBand === true ? null : this.#id,
      modalities: ask.modalities ?? config.modalities,
      input: { chars: this.#inputChars(config, instructions), audioMs: this.#inputAudioMs },
      reply: (signal) => mind.reply(request, signal),
      sounded: (deltas) => this.#options.sounded(index, deltas),
      spoke: this.#options.spoke,
      toolCalled: (callId, name) => this.#awaitTool(callId, name),
      failed: this.#options.failed,
      ended: () => this.#ended(response),
    })
    this.#active = response
    response.start()
  }

  #ended(response: Response): void {
    this.#active = undefined
    this.#historyChars += response.text.length
    this.#playedAtMs = Math.max(this.#playedAtMs, response.playedAtMs)
    this.#options.responseEnded()
    if (this.#options.life.aborted) return
    this.#armIdleClose()
    if (this.#turnWaits) {
      this.#turnWaits = false
      if (!this.#options.isSpeaking()) this.#respond({ trigger: 'turn' })
    }
    if (this.#active === undefined) this.#armIdlePrompt()
  }

  #armIdlePrompt(): void {
    const { config, clock } = this.#options
    const idleMs = config().turnDetection?.idle_timeout_ms
    if (idleMs === undefined || this.#options.isSpeaking()) return
    this.#idlePrompt = new AbortController()
    const playedInMs = Math.max(0, this.#playedAtMs - clock.now())
    const signal = AbortSignal.any([this.#idlePrompt.signal, this.#options.life])
    const prompt = () => {
      if (this.#active !== undefined || this.#options.isSpeaking()) return
      this.#options.prompting(idleMs)
      this.speakUnasked()
    }
    clock.after(playedInMs + idleMs, prompt, signal)
  }

  #awaitTool(callId: string, name: string): void {
    this.#pendingTools.set(callId, name)
    for (const oldest of this.#pendingTools.keys()) {
      if (this.#pendingTools.size <= MAX_PENDING_TOOLS) break
      this.#pendingTools.delete(oldest)
    }
  }

  #inputChars(config: SessionConfig, instructions = ''): number {
    const tools = config.tools.length === 0 ? 0 : JSON.stringify(config.tools.map((tool) => tool.echo)).length
    return (config.instructions ?? '').length + instructions.length + tools + this.#historyChars
  }

  /** From the begin of the session, and again from the begin and the end of every response. */
  #armIdleClose(): void {
    const { clock, behaviour, life } = this.#options
    this.#idleClose.abort()
    this.#idleClose = new AbortController()
    if (behaviour.idleCloseMs > MAX_TIMER_MS) return
    clock.after(behaviour.idleCloseMs, () => this.#options.idled(), AbortSignal.any([this.#idleClose.signal, life]))
  }
}
