import type { Clock } from '../../base/clock.ts'
import type { Behaviour } from './behaviour.ts'
import { type ClientEvent, readAsk, readBase64, readEvent, readItem, SampleCarry } from './client-event.ts'
import {
  createdEcho,
  initialConfig,
  mindConfigOf,
  type SessionConfig,
  type TurnDetection,
  updatedEcho,
} from './config.ts'
import { Conversation } from './conversation.ts'
import type { ModelFamily } from './family.ts'
import { type FaultAction, type Faults, idleClose } from './faults.ts'
import { makeId } from './ids.ts'
import { type InspectionOptions, Recorder, type SessionView, type Truncation } from './inspection.ts'
import { ManualTurns } from './manual-turns.ts'
import type { Mind, MindEvent } from './mind.ts'
import { SpokenItems } from './spoken-items.ts'
import { Strikes } from './strikes.ts'
import { CallerTurns } from './turns.ts'
import { updateConfig } from './update.ts'
import type { Wire } from './wire.ts'
import { commonError, invalidRequest, Refusal } from './wire-error.ts'

export interface SessionOptions {
  readonly index: number
  readonly model: string
  readonly family: ModelFamily
  readonly voices: readonly string[] | undefined
  readonly wire: Wire
  readonly mind: Mind
  readonly clock: Clock
  readonly behaviour: Behaviour
  readonly faults: Faults
  readonly inspection: InspectionOptions
  /** What failed behind the wire; the client is told only that something did. */
  failed(error: unknown): void
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** One socket's state machine: reads client events, hears the mind, keeps both sides of the conversation. */
export class ServedSession implements SessionView {
  readonly index: number
  readonly model: string
  readonly received: Recorder
  closed: SessionView['closed']
  readonly #options: SessionOptions
  readonly #life = new AbortController()
  readonly #turns: CallerTurns
  readonly #conversation: Conversation
  readonly #carry = new SampleCarry()
  readonly #strikes: Strikes
  readonly #spoken: SpokenItems
  readonly #manual: ManualTurns
  #config: SessionConfig
  #hasAudio = false

  constructor(options: SessionOptions) {
    const { index, model, family, wire, mind, clock, behaviour, faults } = options
    this.index = index
    this.model = model
    this.#options = options
    this.#strikes = new Strikes(faults.strikes ?? [])
    this.received = new Recorder(options.inspection)
    this.#config = initialConfig(makeId('sess'), model, family)
    const wants = () => {
      if (this.#config.transcriptionModel === null) return 'none'
      return family.liveTranscript ? 'live' : 'final'
    }
    this.#turns = new CallerTurns({ wire, faults, itemWhileSpeaking: behaviour.itemWhileSpeaking, wants })
    this.#spoken = new SpokenItems(wire)
    this.#conversation = new Conversation({
      wire,
      clock,
      behaviour,
      faults,
      mind,
      life: this.#life.signal,
      config: () => this.#config,
      isSpeaking: () => this.#turns.isSpeaking,
      sounded: (response, deltas) => this.#strikeResponse(response, deltas),
      spoke: (itemId, ms) => this.#spoken.spoke(itemId, ms),
      failed: options.failed,
      responseEnded: () => this.#turns.responseEnded(),
      idled: () => this.strike(idleClose()),
    })
    const life = this.#life.signal
    this.#manual = new ManualTurns({
      clock,
      behaviour,
      mind,
      life,
      turns: this.#turns,
      conversation: this.#conversation,
    })
  }

  get isOpen(): boolean {
    return this.closed === undefined
  }

  get config(): object {
    return updatedEcho(this.#config)
  }

  get responses(): number {
    return this.#conversation.responses
  }

  get truncations(): readonly Truncation[] {
    return this.#spoken.truncations
  }

  /** The upgrade is done: greets the client and starts the session's timers. */
  open(): void {
    const { clock, behaviour, faults, wire, mind } = this.#options
    this.#guarded(() => mind.configure(mindConfigOf(this.#config)))
    const opening = this.#strikes.inPlaceOf('open')
    const created = () => wire.emit('session.created', { session: createdEcho(this.#config) })
    if (opening !== undefined) this.strike(opening)
    else if (faults.noSessionCreated !== true) this.#later(behaviour.createdDelayMs, created)
    for (const { ms, action } of this.#strikes.timed()) clock.after(ms, () => this.strike(action), this.#life.signal)
    const limitMs = behaviour.sessionLimitMs
    const limit = { do: 'close', code: 1007, reason: 'The session reached its maximum duration.' } as const
    if (limitMs <= MAX_TIMER_MS) clock.after(limitMs, () => this.strike(limit), this.#life.signal)
  }

  strike(action: FaultAction): void {
    const { wire } = this.#options
    if (!this.isOpen) return
    if (action.do === 'close') wire.close(action.code, action.reason)
    else if (action.do === 'reset') wire.reset()
    else if (action.do === 'silence') wire.silence()
    else if (action.do === 'speak') this.#conversation.speakUnasked()
    else {
      wire.emitError(action.error)
      this.#conversation.abandon()
      if (action.close !== undefined) wire.close(action.close.code, action.close.reason)
    }
  }

  /** One WebSocket message of the client. */
  receive(data: Buffer, isBinary: boolean): void {
    if (!this.#options.wire.isOpen) return
    this.#guarded(() => {
      const event = readEvent(data, isBinary)
      if (event.type === 'input_audio_buffer.append') this.#append(event)
      else this.#handle(event)
    })
  }

  /** What the mind noticed; nothing after the end. */
  noticed(event: MindEvent): void {
    if (!this.isOpen) return
    this.#guarded(() => {
      const { turnDetection } = this.#config
      if (event.type === 'transcript') this.#transcribed(event.text, event.final)
      else if (turnDetection === null) return
      else if (event.type === 'speech-started') this.#speechStarted(event.atMs, turnDetection)
      else this.#speechStopped(event.atMs, event.accepted, turnDetection)
    })
  }

  /** The socket is gone: stops everything and lets the mind go. */
  async end(code: number, reason: string): Promise<void> {
    if (this.closed !== undefined) return
    this.closed = { code, reason }
    this.#life.abort()
    this.#conversation.abandon()
    try {
      await this.#options.mind[Symbol.asyncDispose]()
    } catch (error) {
      this.#options.failed(error)
    }
  }

  #handle(event: ClientEvent): void {
    const { type } = event
    const { audio: _audio, image, ...rest } = event
    const imageBytes = typeof image === 'string' ? image.length : 0
    this.received.event(type, this.#options.clock.now(), rest, imageBytes)
    if (type === 'session.update') this.#update(event.session)
    else if (type === 'input_audio_buffer.commit') this.#manual.commit(this.#config)
    else if (type === 'input_audio_buffer.clear') this.#clear()
    else if (type === 'input_image_buffer.append') this.#appendImage(image)
    else if (type === 'response.create')
      this.#manual.create(readAsk(event.response, this.#options.behaviour.bareCreateTextOnly))
    else if (type === 'response.cancel') this.#conversation.cancel()
    else if (type === 'conversation.item.create') this.#createItem(event.item)
    else if (type === 'session.finish') this.#finish()
    else if (type === 'conversation.item.truncate' && this.#options.behaviour.truncates) this.#spoken.truncate(event)
    else throw new Refusal(invalidRequest(`invalid event type: ${type.slice(0, 100)}`))
  }

  #append(event: ClientEvent): void {
    const bytes = readBase64(event.audio, 'audio')
    const { audio: _audio, ...rest } = event
    this.received.event('input_audio_buffer.append', this.#options.clock.now(), rest, bytes.length)
    this.received.sound(bytes)
    this.#hasAudio = true
    this.#manual.heard(bytes.length)
    const samples = this.#carry.push(bytes)
    if (samples.length > 0) this.#options.mind.hear(samples)
  }

  #appendImage(image: unknown): void {
    readBase64(image, 'image')
    if (!this.#hasAudio) throw new Refusal(invalidRequest('Error append image before append audio.'))
  }

  #update(session: unknown): void {
    const { behaviour, family, voices, wire, mind } = this.#options
    this.#config = updateConfig(this.#config, session, {
      voices,
      flatTools: behaviour.flatTools,
      nestedAudio: behaviour.nestedAudio && family.nestedRates !== undefined,
      hasAudio: this.#hasAudio,
      isResponding: this.#conversation.isResponding,
    })
    if (this.#config.turnDetection === null) this.#turns.forget()
    mind.configure(mindConfigOf(this.#config))
    const strike = this.#strikes.inPlaceOf('update')
    const echo = updatedEcho(this.#config)
    if (strike !== undefined) this.strike(strike)
    else this.#later(behaviour.updatedDelayMs, () => wire.emit('session.updated', { session: echo }))
  }

  #clear(): void {
    this.#manual.clear()
    this.#carry.reset()
    this.#turns.forget()
    this.#options.mind.clear()
    this.#options.wire.emit('input_audio_buffer.cleared')
  }

  #createItem(value: unknown): void {
    const { behaviour, family, wire } = this.#options
    const item = readItem(value, family.textItems)
    const created = { id: makeId('item'), object: 'realtime.item', type: item.type, status: 'completed' }
    if (item.type === 'function_call_output') this.#conversation.takeToolOutput(item.callId, item.output)
    else this.#conversation.takeMessage(item.words, item.chars)
    wire.emit('conversation.item.created', { item: { ...created, ...item.echo } })
    if (item.type === 'message' || !behaviour.autoAnswerTools) return
    if (this.#config.turnDetection !== null) this.#conversation.answerTools()
  }

  #finish(): void {
    const { behaviour, family, wire } = this.#options
    const finishes = behaviour.sessionFinish === 'family' ? family.finishes : behaviour.sessionFinish === 'finished'
    if (!finishes) throw new Refusal(invalidRequest('invalid event type: session.finish'))
    wire.emit('session.finished')
    wire.close(1000, '')
  }

  #transcribed(text: string, final: boolean): void {
    if (final) this.#conversation.took(text.length, 0)
    if (final) this.#turns.final(text)
    else this.#turns.guess(text)
  }

  #speechStarted(atMs: number, { prefix_padding_ms, interrupt_response }: TurnDetection): void {
    if (this.#turns.isSpeaking) return
    this.#turns.start(atMs, prefix_padding_ms)
    this.#conversation.callerSpoke(interrupt_response || !this.#options.behaviour.heedVadFlags)
  }

  /** Only the semantic VAD rejects; what server VAD does not accept is a turn without an answer. */
  #speechStopped(atMs: number, accepted: boolean, { type, create_response }: TurnDetection): void {
    const durationMs = this.#turns.stop(atMs, !accepted && type === 'semantic_vad')
    if (durationMs === undefined) return
    this.#conversation.took(0, durationMs)
    const answers = create_response || !this.#options.behaviour.heedVadFlags
    if (accepted && answers) this.#conversation.answerTurn()
  }

  #strikeResponse(response: number, deltas: number): void {
    const strike = this.#strikes.inResponse(response, deltas)
    if (strike !== undefined) this.strike(strike)
  }

  #later(delayMs: number, task: () => void): void {
    if (delayMs === 0) task()
    else this.#options.clock.after(delayMs, task, this.#life.signal)
  }

  /** What is refused becomes an `error` event; so does what fails, without its reason. */
  #guarded(task: () => void): void {
    const { wire, failed } = this.#options
    try {
      task()
    } catch (error) {
      if (!(error instanceof Refusal)) failed(error)
      const unknown = commonError('<50000> InternalError: the event could not be handled.')
      wire.emitError(error instanceof Refusal ? error.error : unknown)
      if (error instanceof Refusal && error.fatal) wire.close(1007, error.message)
    }
  }
}
