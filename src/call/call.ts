import { durationMs } from '../audio/format.ts'
import { Answering } from './answering.ts'
import type { CallParts } from './call-parts.ts'
import type { CarrierEvent } from './carrier.ts'
import { type CallCounters, type Interrupter, noCounters } from './events.ts'
import type { Farewell } from './info.ts'
import { Initiative, type Situation } from './initiative.ts'
import { Interruption, yieldOf } from './interruption.ts'
import { Listening } from './listening.ts'
import { codeOf, misfortune } from './misfortune.ts'
import type { SessionEvent } from './provider.ts'
import { RECORDED, Voice } from './voice.ts'

/**
 * One call: it moves sound between its two ends and lets the caller talk over the agent.
 *
 * ```
 *   leg ─audio─▶ session                        ear, speech-started ─▶ interruption ─▶ hold | resume | cut
 *        └─────▶ ear                            tick ─▶ patience, leaving, filler
 *   leg ◀─ voice ◀─ session                     tool-call ─▶ runner ─▶ answered | leaving
 *
 *   live ──(caller hangs up | an end is lost for good | goodbye heard | stopped)──▶ ended, once
 * ```
 */
export class Call {
  readonly #parts: CallParts & { readonly voice: Voice }
  readonly #answering: Answering
  readonly #interruption: Interruption
  readonly #listening: Listening
  readonly #initiative: Initiative
  readonly #over = new AbortController()
  readonly #ended = Promise.withResolvers<Omit<Farewell, 'said'>>()
  readonly #counters = { ...noCounters }
  #connected = false
  /** Since when the caller speaks, as far as whoever ends the turns can tell [ms of the clock]; `undefined`: does not. */
  #callerSinceMs: number | undefined
  /** The model says that the caller has stopped; the agent has not been heard since. */
  #stoppedMs: number | undefined

  constructor(given: CallParts) {
    const { leg, session, agent, clock, transcript } = given
    const voice = new Voice(leg, { clock, leadMs: agent.leadMs, transcript }, (item) =>
      given.tell({ type: 'heard', ...item }),
    )
    const parts = { ...given, voice }
    this.#parts = parts
    this.#answering = new Answering({ ...parts, onAudible: (id, last) => this.#onAudible(id, last) })
    // A model that has no ear of its own, or is not there, cannot be asked.
    const by = () => (session.turnsBy === 'caller' && agent.bargeIn.by === 'model' ? 'local+model' : agent.bargeIn.by)
    this.#interruption = new Interruption(parts, {
      by,
      confirmMs: agent.bargeIn.confirmMs,
      facts: () => ({ ...this.#situation(), ...this.#listening.facts }),
      speechMs: () => this.#listening.speechMs,
      held: () => this.#listening.doubt(),
      resumed: () => this.#listening.settle(this.#agentSpeaks),
      cut: (source, yieldMs) => this.#bargeIn(source, yieldMs),
    })
    const { turnSilenceMs } = agent.bargeIn
    this.#listening = new Listening(
      { ear: parts.ear, session, yields: () => by() === 'local+model', turnSilenceMs },
      {
        speech: (input) => this.#interruption.take(input),
        callerBegan: (hush) => this.#onCallerBegan(undefined, hush),
        callerEnded: () => this.#onCallerEnded(),
      },
    )
    this.#initiative = new Initiative(
      parts,
      () => this.#situation(),
      { leave: (ending) => this.#end(ending), silence: () => this.#silence() },
      this.#over.signal,
    )
  }

  get counters(): CallCounters {
    const { madeMs: agentMs, heardMs } = this.#parts.voice
    return { ...this.#counters, agentMs, heardMs, lateMs: this.#answering.lateMs }
  }

  /** Runs the call to its end; resolves once, with why. `stop` ends it from outside: a deploy, an operator. */
  async run(stop: AbortSignal): Promise<Omit<Farewell, 'said'>> {
    const { leg, session, ticker } = this.#parts
    const over = this.#over.signal
    ticker.onTick((lagMs) => this.#onTick(lagMs), over)
    // Not by `{ signal }`: Node 24 holds the remover weakly, one a target, and a collection in the middle of the call loses it.
    const stopped = () => this.#end({ outcome: { reason: 'shutdown' } })
    stop.addEventListener('abort', stopped)
    over.addEventListener('abort', () => stop.removeEventListener('abort', stopped), { once: true })
    session.listen((event) => this.#onSession(event))
    leg.listen((event) => this.#onCarrier(event))
    if (stop.aborted) this.#end({ outcome: { reason: 'shutdown' } })
    if (!over.aborted) this.#initiative.open()
    return this.#ended.promise
  }

  get #agentSpeaks(): boolean {
    return this.#answering.wanted || this.#parts.voice.speaks
  }

  #onCarrier(event: CarrierEvent): void {
    if (this.#over.signal.aborted) return
    switch (event.type) {
      case 'audio':
        this.#onCallerAudio(event.audio)
        return
      case 'mark':
        this.#parts.voice.marked(event.name)
        return
      case 'dtmf':
        this.#parts.tell({ type: 'dtmf', digit: event.digit })
        if (this.#parts.agent.bargeIn.onDigits) this.#interruption.take('digit')
        this.#initiative.key(event.digit)
        return
      case 'closed':
        this.#end({
          outcome: event.by === 'caller' ? { reason: 'caller-hung-up' } : misfortune('carrier-lost', event.error),
        })
    }
  }

  /** The model first: what it hears is what the caller is answered by. */
  #onCallerAudio(audio: Uint8Array): void {
    const { leg, session, voice, latencies } = this.#parts
    const ms = durationMs(leg.format, audio.length)
    this.#counters.callerMs += ms
    session.append(audio)
    const played = voice.takeHeard(audio.length)
    this.#listening.hear(audio, played, this.#agentSpeaks)
    if (played !== undefined && this.#listening.earSpeaking && !this.#interruption.held) latencies.overlapped(ms)
  }

  #onSession(event: SessionEvent): void {
    if (this.#over.signal.aborted) return
    const { tell } = this.#parts
    switch (event.type) {
      case 'speech-started':
        this.#onCallerBegan(event.itemId, !this.#agentSpeaks && this.#listening.believes)
        return
      case 'speech-stopped':
        this.#onCallerEnded()
        return
      case 'turn-refused':
        this.#onCallerEnded()
        this.#initiative.nobodyAsks()
        return
      case 'turn-named':
        this.#parts.transcript.callerNamed(event.itemId)
        return
      case 'response-started':
        this.#answering.begin(event.responseId, this.#initiative.leaving)
        tell(event)
        return
      case 'audio':
        this.#answering.take(event)
        return
      case 'response-ended':
        this.#initiative.answerEnded(this.#answering.end(event), event.status === 'completed')
        // The caller was to hear more.
        if (event.status === 'failed') this.#initiative.owe(0)
        tell(event)
        return
      case 'transcript':
        this.#onWords(event)
        return
      case 'tool-call':
        this.#initiative.run(event)
        return
      case 'lost':
        tell({ type: 'provider-lost', ...codeOf(event.error) })
        this.#onLost()
        return
      case 'restored':
        tell({ type: this.#connected ? 'provider-restored' : 'connected', provider: event.provider })
        this.#connected = true
        this.#initiative.reached()
        return
      case 'renewed':
        tell({ type: 'session-renewed', provider: event.provider })
        return
      case 'closed':
        this.#end({ outcome: misfortune('provider-lost', event.error) })
    }
  }

  /** @param hush the agent is silent: an answer that was asked for a moment ago and has not begun would talk over him. */
  #onCallerBegan(itemId: string | undefined, hush: boolean): void {
    const { tell, transcript, session } = this.#parts
    if (hush) session.cancel()
    if (session.turnsBy === 'model') this.#interruption.take('model-started')
    this.#callerSinceMs ??= this.#parts.clock.now()
    transcript.callerBegan(itemId)
    tell({ type: 'caller-speech-started' })
    this.#initiative.callerBegan()
  }

  /** Nobody will say any more when the caller stops: that is our ear's to find, as long as no model is there. */
  #onLost(): void {
    const { earSpeaking } = this.#listening
    if (earSpeaking && !this.#agentSpeaks) this.#listening.begin(false)
    else if (this.#callerSinceMs !== undefined && !earSpeaking) this.#endTurn()
  }

  /** The model has not said so. */
  #endTurn(): void {
    this.#parts.session.endTurn()
    this.#onCallerEnded()
  }

  #onCallerEnded(): void {
    if (this.#callerSinceMs === undefined) return
    this.#callerSinceMs = undefined
    this.#counters.turns++
    this.#parts.tell({ type: 'caller-speech-stopped' })
    // A sound that the agent spoke on over: nobody waits for an answer to that.
    if (this.#agentSpeaks) return
    this.#stoppedMs = this.#parts.clock.now()
    this.#initiative.owe(this.#listening.silentMs ?? 0)
  }

  /** Measured on the sound: the model knows of the caller's end only when its own silence is over. */
  #onAudible(responseId: string, last: boolean): void {
    const { clock, latencies, startedMs, tell } = this.#parts
    const nowMs = clock.now()
    this.#initiative.answered(last)
    if (this.#stoppedMs === undefined) {
      latencies.greeted(nowMs - startedMs)
      tell({ type: 'agent-audible', responseId })
      return
    }
    const latencyMs = Math.max(nowMs - this.#stoppedMs, this.#listening.silentMs ?? 0)
    this.#stoppedMs = undefined
    latencies.responded(latencyMs)
    tell({ type: 'agent-audible', responseId, latencyMs })
  }

  #onWords(event: Extract<SessionEvent, { type: 'transcript' }>): void {
    const place = this.#parts.transcript.take(event)
    const { speaker, itemId, text, final } = event
    if (final && place !== undefined) this.#parts.tell({ type: 'said', speaker, itemId, text, place })
  }

  /** Sound first, model second. It depends on what is still to be heard, never on whether the model still generates. */
  #bargeIn(by: Interrupter, yieldMs: number | undefined): void {
    const { items, unheardMs } = this.#silence()
    this.#counters.bargeIns++
    this.#parts.tell({ type: 'barge-in', by, heardMs: items[0]?.heardMs ?? 0, unheardMs, ...yieldOf(yieldMs) })
    this.#initiative.interrupted()
    if (by === 'digits') this.#listening.dismiss()
    else this.#listening.begin(false)
  }

  /** The agent says no more of what it was saying, and the model is told what was heard of it. */
  #silence(): ReturnType<Voice['interrupt']> {
    const { voice, session } = this.#parts
    const cut = voice.interrupt()
    this.#answering.cut()
    session.cancel()
    for (const item of cut.items) {
      if (item.itemId !== RECORDED) session.truncate(item.itemId, item.heardMs, item.heardText)
      this.#parts.tell({ type: 'heard', ...item })
    }
    this.#counters.cutMs += cut.unheardMs
    return cut
  }

  #onTick(lagMs: number): void {
    const { voice, session, clock } = this.#parts
    voice.tick(lagMs)
    if (this.#listening.missedEnd(this.#callerSinceMs, clock.now())) this.#endTurn()
    this.#initiative.tick(clock.now())
    const spoken = this.#agentSpeaks || this.#callerSinceMs !== undefined || this.#listening.earSpeaking
    session.look(!spoken && voice.unheardMs === 0 && !this.#initiative.busy)
  }

  #situation(): Situation {
    return {
      agentSpeaks: this.#agentSpeaks,
      audible: this.#parts.voice.sounds,
      callerSpeaks: this.#callerSinceMs !== undefined,
      earSpeaking: this.#listening.earSpeaking,
      answering: this.#answering.wanted,
      held: this.#interruption.held,
      reached: this.#parts.session.isReached,
      silentMs: this.#listening.silentMs,
    }
  }

  #end(ending: Omit<Farewell, 'said'>): void {
    if (this.#over.signal.aborted) return
    const { items, unheardMs } = this.#parts.voice.interrupt()
    for (const item of items) this.#parts.tell({ type: 'heard', ...item })
    this.#counters.cutMs += unheardMs
    this.#interruption.close()
    this.#over.abort()
    // Who was on the way to somebody, or had said goodbye, gets there although an end was lost meanwhile.
    const { next } = this.#initiative
    this.#ended.resolve(next === undefined ? ending : { next, ...ending })
  }
}
