import type { Clock } from '../../base/clock.ts'
import type { Behaviour } from './behaviour.ts'
import { type ClientEvent, readEvent } from './client-event.ts'
import { mindConfigOf, type SessionConfig, type TurnDetection } from './config.ts'
import { Conversation } from './conversation.ts'
import type { Dialect } from './dialect.ts'
import type { ModelFamily } from './family.ts'
import { type FaultAction, type Faults, idleClose } from './faults.ts'
import { makeId } from './ids.ts'
import { type InspectionOptions, Recorder, type SessionView, type Truncation } from './inspection.ts'
import { Intake } from './intake.ts'
import { ItemDesk } from './item-desk.ts'
import type { Items, ItemView } from './items.ts'
import { ManualTurns } from './manual-turns.ts'
import type { Mind, MindEvent } from './mind.ts'
import { SpokenItems } from './spoken-items.ts'
import { carryOut, Strikes } from './strikes.ts'
import { CallerTurns } from './turns.ts'
import type { Wire } from './wire.ts'
import { Refusal } from './wire-error.ts'

export interface SessionOptions {
  readonly index: number
  readonly model: string
  readonly family: ModelFamily
  readonly voices: readonly string[] | undefined
  readonly dialect: Dialect
  readonly wire: Wire
  /** Folded by the wire. */
  readonly items: Items
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
  readonly #intake: Intake
  readonly #strikes: Strikes
  readonly #spoken: SpokenItems
  readonly #desk: ItemDesk
  readonly #manual: ManualTurns
  #config: SessionConfig
  /** Turns of the caller that were to be answered. */
  #answerable = 0

  constructor(options: SessionOptions) {
    const { index, model, family, dialect, wire, items, mind, clock, behaviour, faults } = options
    this.index = index
    this.model = model
    this.#options = options
    this.#strikes = new Strikes(faults.strikes ?? [])
    this.received = new Recorder(options.inspection)
    this.#config = dialect.initialConfig(makeId('sess'), model, family)
    const wants = () => {
      if (this.#config.transcriptionModel === null) return 'none'
      return family.liveTranscript ? 'live' : 'final'
    }
    this.#turns = new CallerTurns({ wire, faults, itemWhileSpeaking: behaviour.itemWhileSpeaking, wants })
    this.#spoken = new SpokenItems(wire, dialect.complaints)
    this.#conversation = new Conversation({
      wire,
      clock,
      behaviour,
      dialect,
      faults,
      mind,
      life: this.#life.signal,
      config: () => this.#config,
      isSpeaking: () => this.#turns.isSpeaking,
      sounded: (response, deltas) => this.#strikeResponse(response, deltas),
      spoke: (itemId, ms) => this.#spoken.spoke(itemId, ms),
      failed: options.failed,
      responseEnded: () => this.#turns.responseEnded(),
      prompting: (idleMs) => this.#prompting(idleMs),
      idled: () => this.strike(idleClose()),
    })
    const conversation = this.#conversation
    const life = this.#life.signal
    this.#manual = new ManualTurns({ clock, behaviour, dialect, mind, life, turns: this.#turns, conversation })
    const hasVad = () => this.#config.turnDetection !== null
    const spoken = this.#spoken
    this.#desk = new ItemDesk({ wire, behaviour, dialect, family, items, spoken, conversation, hasVad })
    this.#intake = new Intake({
      received: this.received,
      complaints: dialect.complaints,
      hear: (samples) => mind.hear(samples),
      heard: (ms) => this.#manual.heard(ms),
    })
  }

  get isOpen(): boolean {
    return this.closed === undefined
  }

  get config(): object {
    return this.#options.dialect.updatedEcho(this.#config)
  }

  get responses(): number {
    return this.#conversation.responses
  }

  get items(): readonly ItemView[] {
    return this.#options.items.views
  }

  get truncations(): readonly Truncation[] {
    return this.#spoken.truncations
  }

  /** The upgrade is done: greets the client and starts the session's timers. */
  open(): void {
    const { clock, behaviour, dialect, faults, wire, mind } = this.#options
    this.#guarded(() => mind.configure(mindConfigOf(this.#config)))
    const opening = this.#strikes.inPlaceOf('open')
    const created = () => wire.emit('session.created', { session: dialect.createdEcho(this.#config) })
    if (opening !== undefined) this.strike(opening)
    else if (faults.noSessionCreated !== true) this.#later(behaviour.createdDelayMs, created)
    for (const { ms, action } of this.#strikes.timed()) clock.after(ms, () => this.strike(action), this.#life.signal)
    const limitMs = behaviour.sessionLimitMs
    const limit = dialect.sessionLimit(limitMs)
    if (limitMs <= MAX_TIMER_MS) clock.after(limitMs, () => this.strike(limit), this.#life.signal)
  }

  strike(action: FaultAction): void {
    const { dialect, wire } = this.#options
    if (this.isOpen) carryOut(action, dialect.complaints, wire, this.#conversation)
  }

  /** One WebSocket message of the client. */
  receive(data: Buffer, isBinary: boolean): void {
    if (!this.#options.wire.isOpen) return
    const event = readEvent(data, isBinary)
    const task = () => {
      if (event === undefined) throw new Refusal(this.#options.dialect.complaints.notAnEvent)
      if (event.type !== 'input_audio_buffer.append') this.#handle(event)
      else this.#intake.append(event, this.#config, this.#options.clock.now())
    }
    this.#guarded(task, typeof event?.event_id === 'string' ? event.event_id : undefined)
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
    const { behaviour, dialect } = this.#options
    const isKnown = dialect.clientEvents.has(type) && (behaviour.truncates || type !== 'conversation.item.truncate')
    if (!isKnown) throw new Refusal(dialect.complaints.unknownEvent(type.slice(0, 100)))
    if (type === 'session.update') this.#update(event.session)
    else if (type === 'input_audio_buffer.commit') this.#manual.commit(this.#config)
    else if (type === 'input_audio_buffer.clear') this.#clear()
    else if (type === 'input_image_buffer.append') this.#intake.image(image)
    else if (type === 'response.create') this.#manual.create(dialect.readAsk(event.response, behaviour))
    else if (type === 'response.cancel') this.#cancel(event)
    else if (type === 'conversation.item.create') this.#desk.create(event)
    else if (type === 'conversation.item.retrieve') this.#desk.retrieve(event)
    else if (type === 'conversation.item.delete') this.#desk.delete(event)
    else if (type === 'session.finish') this.#finish()
    else this.#desk.truncate(event)
  }

  #cancel({ response_id }: ClientEvent): void {
    this.#conversation.cancel(this.#options.dialect.cancelsById ? response_id : undefined)
  }

  #update(session: unknown): void {
    const { behaviour, dialect, family, voices, wire, mind } = this.#options
    this.#config = dialect.updateConfig(this.#config, session, {
      voices,
      flatTools: behaviour.flatTools,
      nestedAudio: behaviour.nestedAudio && family.nestedRates !== undefined,
      semanticSilenceMs: behaviour.semanticSilenceMs,
      hasAudio: this.#intake.hasAudio,
      hasSounded: this.#spoken.hasSounded,
      isResponding: this.#conversation.isResponding,
    })
    if (this.#config.turnDetection === null) this.#turns.forget()
    mind.configure(mindConfigOf(this.#config))
    const strike = this.#strikes.inPlaceOf('update')
    const echo = dialect.updatedEcho(this.#config)
    if (strike !== undefined) this.strike(strike)
    else this.#later(behaviour.updatedDelayMs, () => wire.emit('session.updated', { session: echo }))
  }

  #clear(): void {
    this.#manual.clear()
    this.#intake.clear()
    this.#turns.forget()
    this.#options.mind.clear()
    this.#options.wire.emit('input_audio_buffer.cleared')
  }

  #finish(): void {
    const { behaviour, dialect, family, wire } = this.#options
    const finishes = behaviour.sessionFinish === 'family' ? family.finishes : behaviour.sessionFinish === 'finished'
    if (!finishes) throw new Refusal(dialect.complaints.unknownEvent('session.finish'))
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

  /** Only the semantic VAD rejects, and not everywhere; what is not accepted else is a turn without an answer. */
  #speechStopped(atMs: number, accepted: boolean, turnDetection: TurnDetection): void {
    const { dialect, behaviour } = this.#options
    const { type, create_response } = turnDetection
    const isRejected = !accepted && type === 'semantic_vad' && dialect.rejectsTurns
    const durationMs = this.#turns.stop(atMs + dialect.stopsAfterMs(turnDetection), isRejected)
    if (durationMs === undefined) return
    this.#manual.taken()
    this.#conversation.took(0, durationMs)
    const answers = create_response || !behaviour.heedVadFlags
    if (accepted && answers) this.#answerTurn()
  }

  #answerTurn(): void {
    const strike = this.#strikes.inTurn(this.#answerable++)
    if (strike === undefined) this.#conversation.answerTurn()
    else this.strike(strike)
  }

  #prompting(idleMs: number): void {
    const { heardMs } = this.#intake
    if (this.#options.dialect.announcesIdlePrompt) this.#turns.timeout(Math.max(0, heardMs - idleMs), heardMs)
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
  #guarded(task: () => void, causedBy?: string): void {
    const { dialect, wire, failed } = this.#options
    try {
      task()
    } catch (error) {
      if (!(error instanceof Refusal)) failed(error)
      wire.emitError(error instanceof Refusal ? error.error : dialect.complaints.eventFailed, causedBy)
      if (error instanceof Refusal && error.fatal) wire.close(1007, error.message)
    }
  }
}
