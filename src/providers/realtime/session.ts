import type { AudioFormat } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import type { CallError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { RealtimeSession, SessionEvent } from '../../call/provider.ts'
import { Answering } from './answering.ts'
import { CallerWords } from './caller-words.ts'
import { toolOutput } from './client-frames.ts'
import { Complaints } from './complaints.ts'
import type { OpenWire } from './connect.ts'
import type { Dialect } from './dialect.ts'
import type { ServerEvent, WireError } from './events.ts'
import { Floor } from './floor.ts'
import { HeardTeller, type HeardTruth } from './heard-truth.ts'
import { Mailbox } from './mailbox.ts'
import { ManualTurns } from './manual-turns.ts'
import { Notes } from './notes.ts'
import { Tally } from './tally.ts'
import { ToolDesk } from './tool-desk.ts'
import { Uplink } from './uplink.ts'
import type { Wire } from './wire.ts'

/** What a session needs besides its wire. */
export interface SessionSettings {
  readonly dialect: Dialect
  readonly callId: string
  readonly batchMs: number
  /** The model takes typed messages. */
  readonly takesNotes: boolean
  readonly heardTruth: HeardTruth
  readonly clock: Clock
  readonly log: Logger | undefined
}

/**
 * One conversation over a wire: it takes the call's verbs and the model's frames, and hands each to the part that
 * knows about it.
 *
 * ```
 *   append, beginTurn … ─▶ ManualTurns ─▶ Uplink ─▶ wire          wire ─▶ response.* ─▶ Answering ─▶ events
 *   respond, cancel ─▶ Floor (when a response.create may go)            ▶ errors ─▶ Complaints
 *   note, truncate ─▶ Notes          answerTool ─▶ ToolDesk             ▶ speech, words ────────────▶ events
 * ```
 */
export class WireSession implements RealtimeSession {
  readonly inputFormat: AudioFormat
  readonly outputFormat: AudioFormat
  readonly takesNotes: boolean
  readonly #settings: SessionSettings
  readonly #wire: Wire
  readonly #uplink: Uplink
  readonly #mailbox = new Mailbox()
  readonly #callerWords = new CallerWords((event) => this.#tell(event))
  readonly #floor: Floor
  readonly #tools: ToolDesk
  readonly #answering: Answering
  readonly #notes: Notes
  readonly #heard: HeardTeller
  readonly #complaints: Complaints
  readonly #tally = new Tally()
  /** Absent while the server ends the turns itself: then nothing can be committed. */
  #turns: ManualTurns | undefined
  /** Of the caller's turn that the server hears, or heard last. */
  #turnItem: { readonly itemId?: string } = {}
  #over = false

  constructor(open: OpenWire, settings: SessionSettings) {
    const { clock, dialect, callId, log } = settings
    const send = (frame: string) => open.wire.send(frame)
    this.inputFormat = open.input
    this.outputFormat = open.output
    this.takesNotes = settings.takesNotes
    this.#settings = settings
    this.#wire = open.wire
    this.#uplink = new Uplink(open.wire, open.input, settings.batchMs)
    this.#floor = new Floor({
      ...{ clock, keepsTurns: dialect.keepsTurns },
      create: (instructions) => send(dialect.responseCreate(instructions)),
      dropped: () => this.#turns?.hurried(),
    })
    this.#tools = new ToolDesk(
      (id, output) => send(toolOutput(id, output)),
      () => this.#floor.followUp(),
    )
    this.#answering = new Answering({
      ...{ dialect, format: open.output, clock, send, tools: this.#tools, tally: this.#tally },
      tell: (event) => this.#tell(event),
      sounded: (itemId, bytes) => this.#heard.sounded(itemId, bytes),
      over: (failure) => this.#onAnswerOver(failure),
      stalled: (error) => this.#close(error),
    })
    this.#notes = new Notes(send, () => this.#answering.active)
    this.#heard = new HeardTeller({
      ...{ how: settings.heardTruth, sure: dialect.truncates, format: open.output, clock, send },
      note: (text) => this.note(text),
    })
    this.#complaints = new Complaints({
      ...{ errors: dialect.errors, heard: this.#heard, floor: this.#floor, uplink: this.#uplink, tally: this.#tally },
      noTurn: () => this.#onNoTurn(),
      end: (error) => this.#close(error),
      ...{ callId, log },
    })
    if (open.turnsBy === 'caller') {
      const named = (itemId: string) => this.#tell({ type: 'turn-named', itemId })
      const taken = () => this.#floor.turnTaken()
      this.#turns = new ManualTurns({ clock, format: open.input, uplink: this.#uplink, send, named, taken })
    }
    open.wire.attend({ frame: (event) => this.#onFrame(event), broken: (error) => this.#close(error) })
  }

  get droppedMs(): number {
    return this.#uplink.droppedMs
  }

  get turnsBy(): 'model' | 'caller' {
    return this.#turns === undefined ? 'model' : 'caller'
  }

  listen(listener: (event: SessionEvent) => void): void {
    this.#mailbox.listen(listener)
  }

  append(audio: Uint8Array): void {
    if (this.#over) return
    if (this.#turns === undefined) this.#uplink.push(audio)
    else this.#turns.push(audio)
  }

  beginTurn(): void {
    if (!this.#over && this.#turns?.begin() === true) this.#floor.turnBegins()
  }

  endTurn(): void {
    if (this.#over || this.#turns === undefined) return
    // What was typed before the turn stands before it, whatever the model is doing.
    this.#notes.flush()
    const became = this.#turns.end()
    if (became === 'committed') this.#floor.turnEnds()
    else if (became === 'empty') this.#floor.turnDrops()
  }

  dropTurn(): void {
    if (!this.#over && this.#turns?.drop() === true) this.#floor.turnDrops()
  }

  note(text: string): void {
    if (!this.#over && this.#settings.takesNotes) this.#notes.put(text)
  }

  /**
   * Waits, one deep, while the caller speaks or a response is active; dropped when the model then answers by itself. A
   * reminder waits for no end of a response, and is dropped when any begins.
   */
  respond(instructions?: string, unless?: 'answered'): void {
    if (this.#over) return
    if (unless === 'answered') this.#floor.remind(instructions)
    else this.#floor.prompt(instructions)
  }

  cancel(): void {
    if (this.#over) return
    this.#floor.hush()
    this.#answering.cancel()
  }

  truncate(itemId: string, heardMs: number, heardText: string): void {
    if (!this.#over) this.#heard.tell(itemId, heardMs, heardText)
  }

  answerTool(toolCallId: string, output: string): void {
    if (!this.#over) this.#tools.answer(toolCallId, output)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish('disposed')
    this.#mailbox.close()
    await this.#wire.close()
  }

  #onFrame(event: ServerEvent): void {
    if (this.#over) return
    switch (event.type) {
      case 'session-created':
      case 'session-updated':
        return
      case 'ignored':
        this.#tally.ignored(event.why, event.name)
        // Arguments of a tool may take longer to write than a stalled answer is waited for.
        if (event.name.startsWith('response.')) this.#answering.stirs()
        return
      case 'error':
        this.#complaints.hear(event.error)
        return
      case 'speech-started':
      case 'speech-stopped':
        this.#onSpeech(event)
        return
      case 'committed':
        this.#turns?.onCommitted(event.itemId)
        return
      case 'item-created':
        this.#turns?.onItem(event.itemId, event.spoken)
        return
      case 'truncated':
        this.#heard.truncated()
        return
      case 'caller-text':
        this.#callerWords.preview(event.itemId, event.text)
        return
      case 'caller-piece':
        this.#callerWords.append(event.itemId, event.delta)
        return
      case 'caller-text-done':
        this.#callerWords.finish(event.itemId, event.text)
        this.#turns?.onWords(event.itemId)
        return
      case 'response-created':
        this.#onCreated(event.responseId)
        return
      default:
        this.#answering.take(event)
    }
  }

  /** A second start, or a stop without a start, is not news. */
  #onSpeech({ type, itemId }: Extract<ServerEvent, { type: 'speech-started' | 'speech-stopped' }>): void {
    if (this.#turns !== undefined) this.#surrender()
    const started = type === 'speech-started'
    if (started === this.#floor.callerSpeaks) return
    if (itemId !== undefined || started) this.#turnItem = itemId === undefined ? {} : { itemId }
    if (started) this.#floor.speechStarted()
    else this.#floor.speechStopped()
    this.#tell({ type, ...this.#turnItem })
  }

  /** The server listens for turns although it was told not to: to end one by hand would be an error from now on. */
  #surrender(): void {
    const kept = this.#turns?.close()
    this.#turns = undefined
    if (kept !== undefined) this.#uplink.push(kept)
    this.#floor.turnDrops()
    const { callId, log } = this.#settings
    log?.warn({ callId }, 'the model ends the turns itself after all')
  }

  #onCreated(responseId: string): void {
    const wasSpeaking = this.#floor.callerSpeaks
    const unwanted = this.#floor.created() === 'unwanted'
    // The model answers what it has heard: then the speech is over, even if it has not said so.
    if (wasSpeaking && !this.#floor.callerSpeaks) this.#tell({ type: 'speech-stopped', ...this.#turnItem })
    if (!this.#over) this.#answering.begin(responseId, unwanted)
  }

  #onAnswerOver(failure: WireError | undefined): void {
    if (this.#over) return
    this.#notes.flush()
    this.#floor.done()
    this.#complaints.answerOver(failure)
  }

  /** Not told while an answer to something else is due: the caller is not left without one. */
  #onNoTurn(): void {
    const turns = this.#turns
    if (turns === undefined && this.#floor.callerSpeaks) this.#onSpeech({ type: 'speech-stopped' })
    // Whoever was told may have let go of us.
    if (this.#over) return
    const unanswered = turns === undefined ? this.#floor.noTurn() : turns.refused() && this.#floor.turnRefused()
    if (unanswered) this.#tell({ type: 'turn-refused' })
  }

  #tell(event: SessionEvent): void {
    if (!this.#over) this.#mailbox.put(event)
  }

  /** The conversation is over, and not by us. */
  #close(error: CallError): void {
    if (this.#over) return
    this.#answering.fail()
    // The listener may have let go of us while it heard that.
    if (this.#over) return
    this.#finish(error.code)
    this.#mailbox.put({ type: 'closed', error })
    void this.#wire.close()
  }

  #finish(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#turns?.close()
    this.#floor.close()
    this.#answering.close()
    const { callId, log } = this.#settings
    log?.info({ callId, why, ...this.#tally.record(), droppedUplinkMs: this.#uplink.droppedMs }, 'session over')
  }
}
