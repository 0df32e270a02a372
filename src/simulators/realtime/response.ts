/*
 * One answer: what the mind makes, sent no faster than `speedFactor` times its sound. Nothing is asked of the mind
 * until what it made is sent, so a long answer is never kept whole.
 *
 *   response.created ─▶ items ──────────────────────────────▶ response.done(completed)
 *                          └ interrupt ─▶ late deltas ─▶ tail ─▶ response.done(cancelled | incomplete | …)
 *                          └ the mind fails ─▶ error ─▶ tail ─▶ response.done(failed)
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import { splitAudio } from './audio-deltas.ts'
import type { Behaviour } from './behaviour.ts'
import { encodeSound } from './coding.ts'
import type { SessionConfig } from './config.ts'
import type { Dialect } from './dialect.ts'
import type { Faults, StatusDetails } from './faults.ts'
import { makeId } from './ids.ts'
import type { ReplyPart } from './mind.ts'
import { pause } from './pause.ts'
import { emitToolCall, type ItemPlace, MessageItem } from './response-items.ts'
import { untilAborted } from './until-aborted.ts'
import { usageOf } from './usage.ts'
import type { Wire } from './wire.ts'

export interface ResponseOptions {
  readonly wire: Wire
  readonly clock: Clock
  readonly config: SessionConfig
  readonly behaviour: Behaviour
  readonly faults: Faults
  readonly dialect: Dialect
  /** null: what is said becomes no part of the conversation. */
  readonly conversationId: string | null
  readonly modalities: readonly string[]
  /** What the model was given, for the bill. */
  readonly input: { readonly chars: number; readonly audioMs: number }
  reply(signal: AbortSignal): AsyncIterable<ReplyPart>
  /** So many audio deltas of this response went out; 0: it began. */
  sounded(deltas: number): void
  toolCalled(callId: string, name: string): void
  /** So much more sound of an item went out [ms]. */
  spoke(itemId: string, ms: number): void
  failed(error: unknown): void
  /** Once, when no further event of this response will come. */
  ended(): void
}

/** A response from `response.created` to its last event. */
export class Response {
  readonly id = makeId('resp')
  readonly #options: ResponseOptions
  readonly #abort = new AbortController()
  /** Stops the timer of a late tail. */
  readonly #ending = new AbortController()
  /** `hung`: it never ends. */
  #state: 'active' | 'ending' | 'hung' | 'over' = 'active'
  #output: object[] = []
  #message: MessageItem | undefined
  #hasToolCall = false
  #text = ''
  #carry: Uint8Array = new Uint8Array(0)
  /** Audio of the part at hand that is not sent yet. */
  #unsent: readonly Uint8Array[] = []
  #deltas = 0
  #audioBytes = 0
  #firstSoundMs: number | undefined
  #nextDueMs = -Infinity

  constructor(options: ResponseOptions) {
    this.#options = options
  }

  /** When the client will have played all of it, if it plays at once and without a pause [ms of the clock]. */
  get playedAtMs(): number {
    return this.#firstSoundMs === undefined || this.isCut ? -Infinity : this.#firstSoundMs + this.#audioMs
  }

  /** It was interrupted or abandoned. */
  get isCut(): boolean {
    return this.#abort.signal.aborted
  }

  /** The words that were sent. */
  get text(): string {
    return this.#text
  }

  /** The events begin before this returns; the rest runs by itself. */
  start(): void {
    const { wire } = this.#options
    wire.emit('response.created', { response: this.#record('in_progress') })
    this.#options.sounded(0)
    if (this.#state === 'active') void this.#run()
  }

  /** The caller spoke or the client cancelled: the mind is stopped now, the tail is as `behaviour.interruption` says. */
  interrupt(reason: 'turn_detected' | 'client_cancelled'): void {
    if (this.#state !== 'active') return
    this.#state = 'ending'
    this.#abort.abort()
    const { interruption } = this.#options.behaviour
    this.#emitLate(interruption.lateDeltas)
    const end = () => this.#endInterrupted({ reason })
    if (interruption.doneDelayMs === 0) end()
    else this.#options.clock.after(interruption.doneDelayMs, end, this.#ending.signal)
  }

  /** The server's end of it: nothing comes after what is on its way, but the tail. */
  finish(status: 'incomplete' | 'failed', details: StatusDetails): void {
    if (this.#state !== 'active') return
    this.#abort.abort()
    this.#finishMessage('incomplete')
    this.#end(status, details)
  }

  /** No further event, and it does not end either. */
  hang(): void {
    if (this.#state !== 'active') return
    this.#state = 'hung'
    this.#abort.abort()
  }

  /** No further event, whatever state it is in: the socket is gone, or the backend failed for good. */
  abandon(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#abort.abort()
    this.#ending.abort()
    this.#options.ended()
  }

  get #audioMs(): number {
    return (this.#audioBytes * 1000) / (2 * this.#options.config.outputRate)
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    try {
      for await (const part of untilAborted(() => this.#options.reply(signal), signal)) {
        await this.#send(part, signal)
        if (signal.aborted) return
      }
      if (signal.aborted) return
      this.#finishMessage('completed')
      this.#end('completed')
    } catch (error) {
      if (signal.aborted) return
      this.#options.failed(error)
      const { failsAloud, complaints } = this.#options.dialect
      if (failsAloud) this.#options.wire.emitError(complaints.modelFailed)
      this.#finishMessage('incomplete')
      this.#end('failed', { error: complaints.modelFailed })
    }
  }

  async #send(part: ReplyPart, signal: AbortSignal): Promise<void> {
    const { config, modalities, behaviour } = this.#options
    if (part.type === 'text') {
      this.#openMessage().say(part.text)
      this.#text += part.text
    } else if (part.type === 'audio') {
      if (modalities.includes('audio')) await this.#sound(part.audio, signal)
    } else if (config.family.callsTools) this.#call(part.name, behaviour.spacedArguments ? ` ${part.args}` : part.args)
  }

  #call(name: string, args: string): void {
    const { faults, toolCalled } = this.#options
    const isCut = faults.cutCalls === true
    this.#finishMessage('completed')
    this.#hasToolCall = true
    const { callId, item } = emitToolCall(this.#place(), name, args, isCut)
    this.#text += args
    this.#output.push(item)
    if (!isCut) {
      toolCalled(callId, name)
      return
    }
    this.#abort.abort()
    this.#end('cancelled', { reason: 'turn_detected' })
  }

  /** Sends one part's audio as it falls due; what is cut is left in `#unsent` for the late deltas. */
  async #sound(audio: Uint8Array, signal: AbortSignal): Promise<void> {
    const { clock, behaviour, faults, config, wire } = this.#options
    const all = this.#carry.length === 0 ? audio : Buffer.concat([this.#carry, audio])
    const huge = faults.hugeDeltas === true
    const { deltas, rest } = splitAudio(all, {
      bytesPerDelta: Math.max(2, Math.floor(((huge ? 60_000 : behaviour.deltaMs) * config.outputRate) / 1000) * 2),
      // One byte of G.711 is one sample: nothing to cut.
      odd: faults.oddDeltas === true && config.outputEncoding === 'pcm16',
      keepShort: huge,
    })
    this.#carry = rest
    for (const [index, delta] of deltas.entries()) {
      this.#unsent = deltas.slice(index)
      const waitMs = this.#nextDueMs - clock.now()
      if (waitMs > 0) await pause(clock, waitMs, signal)
      // At full speed a long answer would otherwise keep the caller's voice from being read.
      else await turnOfTheLoop()
      await wire.drained(signal)
      if (signal.aborted) return
      this.#unsent = deltas.slice(index + 1)
      this.#emitSound(delta)
      const durationMs = (delta.length * 1000) / (2 * config.outputRate)
      this.#nextDueMs = Math.max(this.#nextDueMs, clock.now()) + durationMs / behaviour.speedFactor
      if (signal.aborted) return
    }
  }

  #emitSound(audio: Uint8Array): void {
    this.#firstSoundMs ??= this.#options.clock.now()
    this.#emitAudio(this.#openMessage(), audio)
    this.#deltas++
    this.#options.sounded(this.#deltas)
  }

  /** What was on its way when the answer was cut; silence when nothing was. */
  #emitLate(count: number): void {
    if (this.#deltas === 0 || this.#message === undefined) return
    const { behaviour, config } = this.#options
    const silence = new Uint8Array(Math.floor((behaviour.deltaMs * config.outputRate) / 1000) * 2)
    for (let i = 0; i < count; i++) {
      const audio = this.#unsent[i] ?? silence
      this.#emitAudio(this.#message, audio)
    }
  }

  #emitAudio(message: MessageItem, audio: Uint8Array): void {
    message.sound(encodeSound(audio, this.#options.config.outputEncoding))
    this.#audioBytes += audio.length
    this.#options.spoke(message.id, (audio.length * 500) / this.#options.config.outputRate)
  }

  #endInterrupted(details: StatusDetails): void {
    const { doneStatus } = this.#options.behaviour.interruption
    if (doneStatus === 'never') {
      this.abandon()
      return
    }
    this.#finishMessage(doneStatus === 'completed' ? 'completed' : 'incomplete')
    this.#end(doneStatus, details)
  }

  #openMessage(): MessageItem {
    const kind = this.#options.modalities.includes('audio') ? 'audio' : 'text'
    this.#message ??= new MessageItem(this.#place(), kind)
    return this.#message
  }

  #finishMessage(status: 'completed' | 'incomplete'): void {
    // Audio kept for one huge delta; the half of a sample that ends a mind's sound is dropped.
    const kept = this.#carry.subarray(0, this.#carry.length - (this.#carry.length % 2))
    this.#carry = new Uint8Array(0)
    if (kept.length > 0 && status === 'completed') this.#emitSound(kept)
    if (this.#message === undefined || this.#state === 'over') return
    this.#output.push(this.#message.finish(status))
    this.#message = undefined
  }

  #end(status: string, details?: StatusDetails): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    const { wire, config, input } = this.#options
    const usage = usageOf(config.family, {
      inputChars: input.chars,
      inputAudioMs: input.audioMs,
      outputChars: this.#text.length,
      outputAudioMs: this.#audioMs,
      isToolTurn: this.#hasToolCall,
    })
    wire.emit('response.done', { response: { ...this.#record(status), status_details: details, usage } })
    this.#options.ended()
  }

  #place(): ItemPlace {
    return {
      wire: this.#options.wire,
      responseId: this.id,
      outputIndex: this.#output.length,
      isKept: this.#options.conversationId !== null,
    }
  }

  #record(status: string): object {
    const { config, conversationId, modalities } = this.#options
    return {
      id: this.id,
      object: 'realtime.response',
      conversation_id: conversationId,
      status,
      modalities,
      voice: config.voice,
      output_audio_format: config.outputAudioFormat,
      output: this.#output,
    }
  }
}
