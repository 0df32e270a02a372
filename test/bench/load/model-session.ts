import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { CallLogger } from './call-log.ts'
import { monotonicMs } from './clock.ts'
import { buildFrame, type Frame, FrameReader, opcodes, payloadOf, textFrame } from './frames.ts'
import type { CallLog, Dialect } from './messages.ts'
import { PatchedFrame } from './patched-frame.ts'
import type { Recogniser } from './recogniser.ts'
import type { AnswerIds, Script, ServerEvent } from './script.ts'
import { SPOKEN_BYTES_PER_MS } from './vocabulary.ts'

/** One round of the conversation [ms]. */
const CYCLE_MS = 4000
const CALLER_BEGINS_MS = 3700
const CALLER_ENDS_MS = 3860
const WORDS_EVERY_MS = 200
/** The model gets ahead of the speech by this much, a second delta a tick, so that there is something to clear. */
const AHEAD_MS = 200
const FIRST_ID = 10_000_000
/** How long the session's own part of the handshake takes, each time [ms]. */
const CONFIGURE_MS = 50

/** What all sessions of a model have in common. */
export interface ModelVoice {
  readonly script: Script
  readonly dialect: Dialect
  readonly deltaMs: number
  readonly recogniser: Recogniser
}

/**
 * One conversation, said by heart: the caller talks over every answer shortly before its end.
 *
 * ```
 *   0 ────── sound, a delta a tick, after 200 ms of two a tick ───▶ 3.7 s ─▶ 3.86 s ─▶ 4 s = 0
 *   first delta                                      speech_started    stopped   response.created a tick before
 *                                       response.cancel, or a tick later ─▶ response.done (cancelled)
 * ```
 * It begins when it hears the first sound, each session at another place, so that not all callers interrupt at once.
 */
export class ModelSession {
  readonly #socket: Socket
  readonly #voice: ModelVoice
  readonly #logger = new CallLogger()
  readonly #id = `sess_${token(21)}`
  readonly #eventId = `event_${token(13)}`
  readonly #ticks: { readonly cycle: number; readonly callerBegins: number; readonly callerEnds: number }
  readonly #sound: string
  #events = FIRST_ID
  /** Place in the round, in ticks; `undefined` before the first sound. */
  #at: number | undefined
  #startAt: number
  #heardMs = 0
  #answer: (AnswerIds & { readonly delta: PatchedFrame }) | undefined
  #isCut = false
  #callerItem = ''

  constructor(socket: Socket, index: number, voice: ModelVoice) {
    this.#socket = socket
    this.#voice = voice
    const ticks = (ms: number) => Math.round(ms / voice.deltaMs)
    this.#ticks = {
      cycle: ticks(CYCLE_MS),
      callerBegins: ticks(CALLER_BEGINS_MS),
      callerEnds: ticks(CALLER_ENDS_MS),
    }
    this.#startAt = -1 - (Math.trunc(index * 0.618_033_988_749_895 * this.#ticks.cycle) % this.#ticks.cycle)
    this.#sound = randomBytes(voice.deltaMs * SPOKEN_BYTES_PER_MS[voice.dialect]).toString('base64')
    const reader = new FrameReader((frame) => this.#take(frame))
    socket.on('data', (chunk) => reader.push(chunk))
    setTimeout(() => this.#say([voice.script.created(this.#id)]), CONFIGURE_MS)
  }

  /** Caller's sound so far [ms]. */
  get heardMs(): number {
    return this.#heardMs
  }

  log(): CallLog {
    return this.#logger.log()
  }

  /** The time of one delta has gone by. */
  tick(): void {
    if (this.#at === undefined || this.#socket.destroyed) return
    const { cycle, callerBegins, callerEnds } = this.#ticks
    const at = this.#at
    if (at >= 0 && at < callerBegins) this.#sendSound(at)
    if (at > 0 && at * this.#voice.deltaMs <= AHEAD_MS) this.#sendSound(at)
    if (at === callerBegins) this.#callerBegins()
    if (at === callerBegins + 1) this.#endCut()
    if (at === callerEnds) this.#say(this.#voice.script.callerEnds(this.#callerItem, Math.round(this.#heardMs)))
    if (at === cycle - 1 || at === -1) this.#beginAnswer()
    this.#at = at === cycle - 1 ? 0 : at + 1
  }

  #beginAnswer(): void {
    const { script } = this.#voice
    const ids = { responseId: `resp_${token(21)}`, itemId: `item_${token(21)}` }
    const fields = JSON.stringify(script.soundFields(ids))
    const delta = new PatchedFrame([
      `{"event_id":"${this.#eventId}`,
      `",${fields.slice(1, -1)},"delta":"${this.#sound}"}`,
    ])
    this.#answer = { ...ids, delta }
    this.#isCut = false
    this.#say(script.answerBegins(ids))
  }

  #sendSound(at: number): void {
    const answer = this.#answer
    if (answer === undefined || this.#isCut) return
    const { deltaMs, script } = this.#voice
    if ((at * deltaMs) % WORDS_EVERY_MS === 0) this.#say([script.words(answer)])
    this.#events++
    const frame = answer.delta.with([this.#events], this.#socket.writableLength === 0)
    if (at === 0) this.#logger.answer(monotonicMs())
    this.#logger.downlink(deltaMs)
    this.#socket.write(frame)
  }

  #callerBegins(): void {
    this.#callerItem = `item_${token(21)}`
    this.#isCut = true
    const started = this.#frame(this.#voice.script.callerBegins(this.#callerItem, Math.round(this.#heardMs)))
    this.#logger.cut(monotonicMs())
    this.#socket.write(started)
  }

  #endCut(): void {
    const answer = this.#answer
    if (answer === undefined) return
    this.#answer = undefined
    this.#say(this.#voice.script.answerCut(answer))
  }

  #take(frame: Frame): void {
    const nowMs = monotonicMs()
    if (frame.opcode === opcodes.ping) this.#socket.write(buildFrame(opcodes.pong, payloadOf(frame)))
    if (frame.opcode === opcodes.close) this.#socket.end(buildFrame(opcodes.close, Buffer.from([0x03, 0xe8])))
    if (frame.opcode !== opcodes.text) return
    const message = this.#voice.recogniser.read(frame)
    if (message.type === 'other') {
      this.#answerClient(message.json)
      return
    }
    this.#heardMs += message.ms
    this.#logger.uplink(nowMs, message.ms)
    this.#at ??= this.#startAt
  }

  #answerClient(request: Readonly<Record<string, unknown>>): void {
    const { script } = this.#voice
    const { type, session } = request
    if (type === 'session.update') {
      const updated = script.updated(this.#id, typeof session === 'object' && session !== null ? { ...session } : {})
      setTimeout(() => this.#say([updated]), CONFIGURE_MS)
    } else if (type === 'response.cancel') {
      // Nobody cancels what was not talked over, but what was may be over already.
      if (this.#answer === undefined) this.#say([script.noneActive])
      else if (this.#isCut) this.#endCut()
    } else this.#say(script.reply(request))
  }

  #frame(event: ServerEvent): Buffer {
    this.#events++
    return textFrame(JSON.stringify({ event_id: `${this.#eventId}${this.#events}`, ...event }))
  }

  #say(events: readonly ServerEvent[]): void {
    if (events.length > 0 && !this.#socket.destroyed)
      this.#socket.write(Buffer.concat(events.map((event) => this.#frame(event))))
  }
}

function token(length: number): string {
  return randomBytes(length).toString('hex').slice(0, length)
}
