import type { AudioFormat } from '../audio/format.ts'
import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import { KeptSound } from './kept-sound.ts'
import type { RealtimeSession, SessionEvent } from './provider.ts'
import type { Reached } from './reach.ts'
import { Renewal } from './renewal.ts'
import { lossOf, putToUse, remember, type SessionInUse } from './session-in-use.ts'
import type { SessionSource } from './session-source.ts'
import type { Taps } from './taps.ts'
import { type Inheritance, type Prompt, Unfinished } from './unfinished.ts'
import { Untold } from './untold.ts'

/** Speech has begun some time before a model's detector, or our ear, says so [ms]. */
const BEFORE_SPEECH_MS = 700

/**
 * The model's end of a call, for as long as the call lasts: sessions of providers come and go behind it.
 *
 * ```
 *   reaching ── there ─▶ in use ── lost ─▶ reaching: sound is kept ── there ─▶ in use: told what the last one left open
 *      └─ none to be had: closed            └─ (`lost`)                  └─ (`restored`)
 *                          in use ── near its longest time, in a silent moment ─▶ another one is in use (`renewed`)
 *
 *   append ─▶ kept ─▶ uplink ─▶ session          session ─▶ downlink ─▶ events, in the leg's format
 * ```
 * While no session is there the caller's turns are our ear's to tell (`turnsBy` is `caller`). `closed` comes when no
 * provider can be reached any more; it never follows a dispose.
 */
export class EnduringSession implements RealtimeSession {
  readonly inputFormat: AudioFormat
  readonly outputFormat: AudioFormat
  readonly #source: SessionSource
  readonly #clock: Clock
  readonly #kept: KeptSound
  readonly #unfinished = new Unfinished()
  readonly #renewal: Renewal
  readonly #over = new AbortController()
  #listener: (event: SessionEvent) => void = () => {}
  #inUse: SessionInUse | undefined
  readonly #untold = new Untold()
  #everReached = false
  #droppedMs = 0
  readonly #taps: Taps

  /** @param format the leg's: sound is taken and given in it, whatever the model's end is coded in. */
  constructor(source: SessionSource, format: AudioFormat, clock: Clock, taps: Taps) {
    this.#taps = taps
    this.inputFormat = format
    this.outputFormat = format
    this.#source = source
    this.#clock = clock
    this.#kept = new KeptSound(format)
    this.#keep()
    this.#renewal = new Renewal(source.renew, clock, this.#over.signal)
  }

  get turnsBy(): 'model' | 'caller' {
    return this.#inUse?.session.turnsBy ?? 'caller'
  }

  get takesNotes(): boolean {
    return this.#inUse?.session.takesNotes ?? true
  }

  get droppedMs(): number {
    return this.#droppedMs + (this.#inUse?.session.droppedMs ?? 0)
  }

  /** Whether a model is there now. */
  get isReached(): boolean {
    return this.#inUse !== undefined
  }

  listen(listener: (event: SessionEvent) => void): void {
    this.#listener = listener
    this.#await(this.#source.first)
  }

  append(audio: Uint8Array): void {
    this.#kept.push(audio)
    const inUse = this.#inUse
    if (inUse === undefined) return
    this.#kept.given()
    inUse.session.append(inUse.uplink.push(audio))
  }

  beginTurn(): void {
    this.#callerBegan()
    this.#inUse?.session.beginTurn()
  }

  endTurn(): void {
    this.#unfinished.callerEnded()
    this.#inUse?.session.endTurn()
  }

  dropTurn(): void {
    this.#unfinished.turnDropped()
    this.#keep()
    this.#inUse?.session.dropTurn()
  }

  note(text: string): void {
    const to = this.#inUse?.session ?? this.#untold
    to.note(text)
  }

  respond(instructions?: string): void {
    this.#unfinished.asked(instructions)
    this.#inUse?.session.respond(instructions)
  }

  cancel(): void {
    this.#unfinished.hushed()
    this.#inUse?.downlink.reset()
    this.#inUse?.session.cancel()
  }

  truncate(itemId: string, heardMs: number, heardText: string): void {
    if (this.#inUse?.items.has(itemId)) this.#inUse.session.truncate(itemId, heardMs, heardText)
  }

  /** A session that did not make the call is told of the result in other words, and speaks about it. */
  answerTool(toolCallId: string, output: string): void {
    const inUse = this.#inUse
    const words = `A tool that you called has answered: ${output} Go on with that.`
    if (inUse?.toolCalls.has(toolCallId)) {
      this.#unfinished.asked(words)
      inUse.session.answerTool(toolCallId, output)
      return
    }
    this.#untold.result(words)
    if (inUse !== undefined) this.#tellRest(inUse)
  }

  /** The answer does not begin: the model is asked for it once more, in the same words. */
  remind(): void {
    this.#inUse?.session.respond(this.#unfinished.prompt, 'answered')
  }

  /** The model does not do what it should: it is lost, whatever its socket says. */
  renounce(error: CallError): void {
    if (this.#inUse !== undefined) this.#lose(this.#inUse, error)
  }

  /** Told again and again, with whether nobody speaks and nothing is waited for: a session that is old may be replaced then. */
  look(quiet: boolean): void {
    const old = this.#inUse
    const next = old === undefined ? undefined : this.#renewal.look(old.provider, quiet)
    if (old === undefined || next === undefined) return
    this.#release(old)
    this.#endAnswers(old, 'cancelled')
    // A word may have begun that nobody has heard of yet.
    this.#kept.takeBack(BEFORE_SPEECH_MS)
    const inUse = this.#use(next)
    this.#tell({ type: 'renewed', provider: next.provider.name })
    this.#begin(inUse, {})
  }

  /** Nobody waits for the models to say goodbye: they have a second for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new CallError('provider-lost', 'the call is over')
    this.#over.abort(reason)
    if (!this.#everReached) this.#source.abandon(reason)
    if (this.#inUse !== undefined) this.#release(this.#inUse)
    this.#renewal[Symbol.dispose]()
  }

  #await(reached: Promise<Reached>): void {
    reached.then(
      (found) => this.#take(found),
      (error: Error) => this.#tell({ type: 'closed', error }),
    )
  }

  /** A session is there: what the last one left open is its to finish. */
  #take(reached: Reached): void {
    if (this.#over.signal.aborted) {
      void reached.session[Symbol.asyncDispose]()
      return
    }
    const inUse = this.#use(reached)
    this.#tell({ type: 'restored', provider: reached.provider.name })
    this.#begin(inUse, this.#unfinished.inheritance)
  }

  #use(reached: Reached): SessionInUse {
    const session = this.#taps.session(reached.session, reached.provider.name)
    const inUse = putToUse({ ...reached, session }, this.inputFormat, this.#clock.now())
    this.#inUse = inUse
    this.#everReached = true
    this.#renewal.began(reached.provider, this.#clock.now())
    return inUse
  }

  /** It is told what it has to know before it is listened to: the first thing it has to say may be that it is lost. */
  #begin(inUse: SessionInUse, { soundFrom, turn, say }: Inheritance): void {
    if (this.#inUse !== inUse) return
    const { session, uplink } = inUse
    const sound = this.#kept.give(soundFrom, turn !== undefined)
    this.#keep()
    if (sound.before.length > 0) session.append(uplink.push(sound.before))
    if (turn !== undefined) {
      session.beginTurn()
      session.append(uplink.push(sound.turn))
      if (turn === 'ended') session.endTurn()
    }
    this.#tellRest(inUse, say)
    session.listen((event) => this.#hear(inUse, event))
  }

  #tellRest({ session }: SessionInUse, say?: Prompt): void {
    const asked = this.#untold.tell(session, say)
    if (asked !== undefined) this.#unfinished.asked(asked.instructions)
  }

  #hear(inUse: SessionInUse, event: SessionEvent): void {
    if (this.#inUse !== inUse) return
    switch (event.type) {
      case 'closed':
        this.#lose(inUse, event.error ?? new CallError('provider-lost', 'the model closed the session'))
        return
      case 'audio':
        remember(inUse.items, event.itemId)
        this.#unfinished.sounded()
        this.#tell({ ...event, audio: inUse.downlink.push(event.audio) })
        return
      case 'speech-started':
        this.#callerBegan(event.itemId)
        break
      case 'speech-stopped':
        this.#unfinished.callerEnded()
        break
      case 'response-started':
        // Sound of one answer must not ring into the next.
        inUse.downlink.reset()
        inUse.responses.add(event.responseId)
        this.#untold.answered()
        this.#unfinished.began()
        break
      case 'response-ended':
        inUse.responses.delete(event.responseId)
        inUse.answered ||= event.status === 'completed'
        this.#unfinished.ended(event.status)
        this.#keep()
        break
      case 'turn-named':
        this.#unfinished.named(event.itemId)
        break
      case 'turn-refused':
        this.#unfinished.turnDropped()
        this.#keep()
        break
      case 'transcript':
        if (event.speaker === 'caller' && event.final) this.#unfinished.worded(event.itemId)
        break
      case 'tool-call':
        remember(inUse.toolCalls, event.toolCallId)
    }
    this.#tell(event)
  }

  #callerBegan(itemId?: string): void {
    this.#unfinished.callerBegan(this.#kept.ago(BEFORE_SPEECH_MS), itemId)
    this.#keep()
  }

  /** What no session has had, or none has answered. */
  #keep(): void {
    const { from } = this.#unfinished
    this.#kept.keepFrom(from, this.#inUse === undefined)
  }

  #lose(inUse: SessionInUse, error: Error): void {
    this.#release(inUse)
    const loss = lossOf(inUse, error, this.#clock.now())
    this.#endAnswers(inUse, 'failed')
    this.#keep()
    this.#tell({ type: 'lost', error })
    if (!this.#over.signal.aborted) this.#await(this.#source.find(this.#over.signal, loss))
  }

  #endAnswers({ responses }: SessionInUse, status: 'failed' | 'cancelled'): void {
    for (const responseId of responses) {
      this.#unfinished.ended(status)
      this.#tell({ type: 'response-ended', responseId, status })
    }
  }

  #release({ session }: SessionInUse): void {
    this.#inUse = undefined
    this.#droppedMs += session.droppedMs ?? 0
    void session[Symbol.asyncDispose]()
  }

  #tell(event: SessionEvent): void {
    if (!this.#over.signal.aborted) this.#listener(event)
  }
}
