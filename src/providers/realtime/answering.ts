import { type AudioFormat, bytesPerSample } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import type { SessionEvent } from '../../call/provider.ts'
import { Alarm } from './alarm.ts'
import type { Dialect } from './dialect.ts'
import type { ServerEvent, WireError } from './events.ts'
import { Reply } from './reply.ts'
import type { Tally } from './tally.ts'
import type { ToolDesk } from './tool-desk.ts'

/** After `response.cancel` the model owes a `response.done`; it is not waited for longer than this [ms]. */
const cancelDeadlineMs = 2000
/**
 * A response that sends nothing for this long [ms], before its first piece or in the middle, never ends: seen with errors
 * of the model's backend. Sound comes faster than it is heard, in pieces of 0.1 to 0.4 s, and a first piece within 2 s;
 * who waits longer than this on a telephone hangs up.
 */
const stallMs = 5000

export interface AnsweringOptions {
  readonly dialect: Dialect
  /** Of the model's sound. */
  readonly format: AudioFormat
  readonly clock: Clock
  readonly tools: ToolDesk
  readonly tally: Tally
  readonly send: (frame: string) => void
  readonly tell: (event: SessionEvent) => void
  /** So many bytes of an item's sound were told. */
  readonly sounded: (itemId: string, bytes: number) => void
  /** A response, known or not, is over, and none has taken its place. `failure`: it failed, and somebody waits for it. */
  readonly over: (failure?: WireError) => void
  readonly stalled: (error: CallError) => void
}

/**
 * The answer that the model is giving, at most one at a time.
 *
 * ```
 *   response.created ─▶ active ─┬─ deltas of its id ─▶ audio, transcript, tool-call
 *                               ├─ response.done ───────────────────────────────▶ response-ended (its status)
 *                               ├─ another response.created ────────────────────▶ response-ended (superseded)
 *                               ├─ cancel, and no response.done in 2 s ─────────▶ response-ended (cancelled)
 *                               ├─ nothing of it for 5 s ───────────────────────▶ response-ended (failed), closed
 *                               └─ the wire breaks ─────────────────────────────▶ response-ended (failed), closed
 * ```
 * Frames of any other response are late or stray: counted and dropped.
 */
export class Answering {
  readonly #options: AnsweringOptions
  readonly #cancelAlarm: Alarm
  readonly #stallAlarm: Alarm
  #reply: Reply | undefined
  #closed = false

  constructor(options: AnsweringOptions) {
    this.#options = options
    this.#cancelAlarm = new Alarm(options.clock)
    this.#stallAlarm = new Alarm(options.clock)
  }

  get active(): boolean {
    return this.#reply !== undefined
  }

  /** @param unwanted it is stopped as soon as it is told. */
  begin(responseId: string, unwanted: boolean): void {
    const older = this.#reply
    if (older?.id === responseId) return
    if (older !== undefined) {
      this.#end(older, { status: 'superseded' })
      this.#options.tools.over(older.id)
    }
    const { clock, format } = this.#options
    this.#reply = new Reply(responseId, clock.now(), bytesPerSample(format))
    this.#options.tell({ type: 'response-started', responseId })
    // Whoever was told may have let go of us.
    if (this.#closed) return
    this.#watchStall(stallMs)
    if (unwanted) this.cancel()
  }

  /** One frame of a response. */
  take(event: Extract<ServerEvent, { responseId: string }>): void {
    const { clock, dialect, tally, tools, tell, over } = this.#options
    const reply = this.#reply
    if (reply?.id !== event.responseId) {
      tally.late++
      // What is over at the model is over, also when it was never told to have begun.
      if (event.type === 'response-done' && reply === undefined) over(event.failure)
      return
    }
    reply.latestMs = clock.now()
    switch (event.type) {
      case 'audio':
        this.#sound(reply, event.itemId, event.base64)
        return
      case 'agent-text':
        this.#tellWords(event.itemId, reply.say(event.itemId, event.delta), false)
        return
      case 'agent-text-done':
        this.#tellWords(event.itemId, reply.finish(event.itemId, event.text), true)
        return
      case 'tool-call': {
        const { responseId, itemId, toolCallId, name, args, whole } = event
        if (dialect.toolCallsBy === 'item' && !whole) return
        if (!reply.cancelled && tools.note(responseId, itemId, toolCallId)) {
          tell({ type: 'tool-call', toolCallId, name, args })
        }
        return
      }
      case 'response-done':
        this.#end(reply, { status: event.status, ...(event.usage === undefined ? {} : { usage: event.usage }) })
        tools.over(reply.id)
        over(reply.cancelled ? undefined : event.failure)
    }
  }

  /** The model is at work on it, in a way that tells us nothing else. */
  stirs(): void {
    if (this.#reply !== undefined) this.#reply.latestMs = this.#options.clock.now()
  }

  /** Silences the answer now and asks the model to stop it. */
  cancel(): void {
    const reply = this.#reply
    if (reply === undefined || reply.cancelled) return
    reply.cancelled = true
    this.#options.send(this.#options.dialect.responseCancel(reply.id))
    this.#cancelAlarm.set(cancelDeadlineMs, () => {
      if (this.#reply !== reply) return
      this.#end(reply, { status: 'cancelled' })
      this.#options.tools.over(reply.id)
      this.#options.over()
    })
  }

  /** Nothing more will come of it. */
  fail(): void {
    if (this.#reply !== undefined) this.#end(this.#reply, { status: 'failed' })
  }

  close(): void {
    this.#closed = true
    this.#cancelAlarm.clear()
    this.#stallAlarm.clear()
  }

  #sound(reply: Reply, itemId: string, base64: string): void {
    if (reply.cancelled) {
      this.#options.tally.late++
      return
    }
    const audio = reply.decode(base64)
    if (audio.length === 0) return
    this.#options.sounded(itemId, audio.length)
    this.#options.tell({ type: 'audio', responseId: reply.id, itemId, audio })
  }

  #watchStall(ms: number): void {
    const { clock, stalled } = this.#options
    this.#stallAlarm.set(ms, () => {
      const reply = this.#reply
      if (reply === undefined) return
      const leftMs = reply.latestMs + stallMs - clock.now()
      if (leftMs > 0) this.#watchStall(leftMs)
      else stalled(new CallError('provider-timeout', `the model began an answer and sent nothing for ${stallMs} ms`))
    })
  }

  #end(reply: Reply, end: Pick<Extract<SessionEvent, { type: 'response-ended' }>, 'status' | 'usage'>): void {
    this.#reply = undefined
    this.#cancelAlarm.clear()
    this.#stallAlarm.clear()
    for (const { itemId, text } of reply.finishAll()) this.#tellWords(itemId, text, true)
    this.#options.tell({ type: 'response-ended', responseId: reply.id, ...end })
  }

  /** Final already: nothing told. */
  #tellWords(itemId: string, text: string | undefined, final: boolean): void {
    if (text === undefined || text === '') return
    this.#options.tell({ type: 'transcript', speaker: 'agent', itemId, text, final })
  }
}
