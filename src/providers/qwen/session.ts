import type { AudioFormat } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { RealtimeSession, SessionEvent } from '../../call/provider.ts'
import { Alarm } from './alarm.ts'
import { CallerWords } from './caller-words.ts'
import { heardNote, responseCancel, responseCreate, toolOutput } from './client-frames.ts'
import type { OpenWire } from './connect.ts'
import { errorOf, judgeError } from './errors.ts'
import type { ServerEvent, WireError } from './events.ts'
import { Floor } from './floor.ts'
import { Mailbox } from './mailbox.ts'
import { Reply } from './reply.ts'
import { Tally } from './tally.ts'
import { ToolDesk } from './tool-desk.ts'
import { Uplink } from './uplink.ts'
import type { Wire } from './wire.ts'

/** What a session needs besides its wire. */
export interface SessionSettings {
  readonly callId: string
  readonly batchMs: number
  /** Tell the model by a typed message what was heard of a cut answer. */
  readonly truncateNote: boolean
  readonly clock: Clock
  readonly log: Logger | undefined
}

/** After `response.cancel` the model owes a `response.done`; it is not waited for longer than this [ms]. */
const cancelDeadlineMs = 2000
/** A response that sends nothing for this long [ms] never ends: seen with errors of the model's backend. */
const stallMs = 20_000

/**
 * One conversation over a wire, at most one response at a time.
 *
 * ```
 *   response.created ─▶ active ─┬─ deltas of its id ─▶ audio, transcript, tool-call
 *                               ├─ response.done ───────────────────────────────▶ response-ended (its status)
 *                               ├─ another response.created ────────────────────▶ response-ended (superseded)
 *                               ├─ cancel, and no response.done in 2 s ─────────▶ response-ended (cancelled)
 *                               └─ the wire breaks ─────────────────────────────▶ response-ended (failed), closed
 * ```
 * Frames of any other response are late or stray: counted and dropped.
 */
export class QwenSession implements RealtimeSession {
  readonly inputFormat: AudioFormat
  readonly outputFormat: AudioFormat
  readonly turnsBy = 'model'
  readonly takesNotes = false
  readonly #settings: SessionSettings
  readonly #wire: Wire
  readonly #uplink: Uplink
  readonly #mailbox = new Mailbox()
  readonly #callerWords = new CallerWords()
  readonly #floor: Floor
  readonly #tools: ToolDesk
  readonly #tally = new Tally()
  readonly #cancelAlarm: Alarm
  readonly #stallAlarm: Alarm
  #active: Reply | undefined
  #over = false

  constructor(open: OpenWire, settings: SessionSettings) {
    this.inputFormat = open.input
    this.outputFormat = open.output
    this.#settings = settings
    this.#wire = open.wire
    this.#uplink = new Uplink(open.wire, open.input, settings.batchMs)
    this.#floor = new Floor(settings.clock, (instructions) => this.#wire.send(responseCreate(instructions)))
    this.#tools = new ToolDesk(
      (id, output) => this.#wire.send(toolOutput(id, output)),
      () => this.#floor.followUp(),
    )
    this.#cancelAlarm = new Alarm(settings.clock)
    this.#stallAlarm = new Alarm(settings.clock)
    open.wire.attend({ frame: (event) => this.#onFrame(event), broken: (error) => this.#close(error) })
  }

  listen(listener: (event: SessionEvent) => void): void {
    this.#mailbox.listen(listener)
  }

  append(audio: Uint8Array): void {
    if (!this.#over) this.#uplink.push(audio)
  }

  endTurn(): void {}

  note(_text: string): void {}

  /** Waits, one deep, while the caller speaks or a response is active; dropped when the model then answers by itself. */
  respond(instructions?: string): void {
    if (!this.#over) this.#floor.prompt(instructions)
  }

  cancel(): void {
    if (this.#over) return
    this.#floor.hush()
    this.#cancelActive()
  }

  /** Qwen has no truncate. Where a typed message is allowed, and wanted, the model is told in words. */
  truncate(_itemId: string, heardMs: number, heardText: string): void {
    if (!this.#over && this.#settings.truncateNote) this.#wire.send(heardNote(heardMs, heardText))
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
        return
      case 'error':
        this.#onError(event.error)
        return
      case 'speech-started':
      case 'speech-stopped':
        this.#onSpeech(event.type === 'speech-started')
        return
      case 'caller-text':
        this.#tellWords('caller', event.itemId, this.#callerWords.preview(event.itemId, event.text), false)
        return
      case 'caller-text-done':
        this.#tellWords('caller', event.itemId, this.#callerWords.finish(event.itemId, event.text), true)
        return
      case 'response-created':
        this.#onCreated(event.responseId)
        return
      default:
        this.#onResponseFrame(event)
    }
  }

  #onResponseFrame(event: Extract<ServerEvent, { responseId: string }>): void {
    const reply = this.#active
    if (reply?.id !== event.responseId) {
      this.#tally.late++
      // What is over at the model is over, also when it was never told to have begun.
      if (event.type === 'response-done' && reply === undefined) this.#floor.done()
      return
    }
    reply.latestMs = this.#settings.clock.now()
    switch (event.type) {
      case 'audio': {
        if (reply.cancelled) this.#tally.late++
        const audio = reply.cancelled ? undefined : reply.decode(event.base64)
        if (audio === undefined || audio.length === 0) return
        this.#tell({ type: 'audio', responseId: reply.id, itemId: event.itemId, audio })
        return
      }
      case 'agent-text':
        this.#tellWords('agent', event.itemId, reply.say(event.itemId, event.delta), false)
        return
      case 'agent-text-done':
        this.#tellWords('agent', event.itemId, reply.finish(event.itemId, event.text), true)
        return
      case 'tool-call': {
        const { responseId, itemId, toolCallId, name, args } = event
        if (reply.cancelled || !this.#tools.note(responseId, itemId, toolCallId)) return
        this.#tell({ type: 'tool-call', toolCallId, name, args })
        return
      }
      case 'response-done': {
        const usage = event.usage === undefined ? {} : { usage: event.usage }
        this.#endReply(reply, { status: event.status, ...usage })
        this.#tools.over(reply.id)
        this.#floor.done()
      }
    }
  }

  /** A second start, or a stop without a start, is not news. */
  #onSpeech(started: boolean): void {
    if (started === this.#floor.callerSpeaks) return
    if (started) this.#floor.speechStarted()
    else this.#floor.speechStopped()
    this.#tell({ type: started ? 'speech-started' : 'speech-stopped' })
  }

  #onCreated(responseId: string): void {
    const wasSpeaking = this.#floor.callerSpeaks
    const unwanted = this.#floor.created() === 'unwanted'
    // The model answers what it has heard: then the speech is over, even if it has not said so.
    if (wasSpeaking && !this.#floor.callerSpeaks) this.#tell({ type: 'speech-stopped' })
    if (this.#active?.id === responseId) return
    const older = this.#active
    if (older !== undefined) {
      this.#endReply(older, { status: 'superseded' })
      this.#tools.over(older.id)
    }
    this.#active = new Reply(responseId, this.#settings.clock.now())
    this.#tell({ type: 'response-started', responseId })
    // Whoever was told may have let go of us.
    if (this.#over) return
    this.#watchStall(stallMs)
    if (unwanted) this.#cancelActive()
  }

  #onError(error: WireError): void {
    const verdict = judgeError(error)
    const said = errorOf(error, verdict)
    this.#tally.errors++
    switch (verdict.outcome) {
      case 'swallow':
        return
      case 'end':
        this.#close(said)
        return
      case 'no-turn':
        this.#onSpeech(false)
        this.#floor.noTurn()
        return
      case 'retry-create':
        this.#floor.collided()
        return
      case 'create-later':
        this.#floor.tooEarly()
        return
      case 'back-off':
        this.#floor.backOff()
        break
      case 'slow-down':
        this.#uplink.widen()
    }
    const { callId, log } = this.#settings
    // Bounded: a model that complains of every frame would fill the disk.
    if (this.#tally.errors <= 20) log?.warn({ callId, said: said.message, outcome: verdict.outcome }, 'model error')
  }

  #cancelActive(): void {
    const reply = this.#active
    if (reply === undefined || reply.cancelled) return
    reply.cancelled = true
    this.#wire.send(responseCancel())
    this.#cancelAlarm.set(cancelDeadlineMs, () => {
      if (this.#active !== reply) return
      this.#endReply(reply, { status: 'cancelled' })
      this.#tools.over(reply.id)
      this.#floor.done()
    })
  }

  #watchStall(ms: number): void {
    this.#stallAlarm.set(ms, () => {
      const reply = this.#active
      if (reply === undefined) return
      const leftMs = reply.latestMs + stallMs - this.#settings.clock.now()
      if (leftMs > 0) this.#watchStall(leftMs)
      else
        this.#close(new CallError('provider-timeout', `the model began an answer and sent nothing for ${stallMs} ms`))
    })
  }

  #endReply(reply: Reply, end: Pick<Extract<SessionEvent, { type: 'response-ended' }>, 'status' | 'usage'>): void {
    this.#active = undefined
    this.#cancelAlarm.clear()
    this.#stallAlarm.clear()
    for (const { itemId, text } of reply.finishAll()) this.#tellWords('agent', itemId, text, true)
    this.#tell({ type: 'response-ended', responseId: reply.id, ...end })
  }

  /** Nothing understood, or final already: nothing told. */
  #tellWords(speaker: 'caller' | 'agent', itemId: string, text: string | undefined, final: boolean): void {
    if (text !== undefined && text !== '') this.#tell({ type: 'transcript', speaker, itemId, text, final })
  }

  #tell(event: SessionEvent): void {
    if (!this.#over) this.#mailbox.put(event)
  }

  /** The conversation is over, and not by us. */
  #close(error: CallError): void {
    if (this.#over) return
    if (this.#active !== undefined) this.#endReply(this.#active, { status: 'failed' })
    // The listener may have let go of us while it heard that.
    if (this.#over) return
    this.#finish(error.code)
    this.#mailbox.put({ type: 'closed', error })
    void this.#wire.close()
  }

  #finish(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#floor.close()
    this.#cancelAlarm.clear()
    this.#stallAlarm.clear()
    const { callId, log } = this.#settings
    log?.info({ callId, why, ...this.#tally.record(), droppedUplinkMs: this.#uplink.droppedMs }, 'session over')
  }
}
