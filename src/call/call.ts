import { durationMs } from '../audio/format.ts'
import { Answering } from './answering.ts'
import type { CallParts } from './call-parts.ts'
import { CallerTurn } from './caller-turn.ts'
import type { CarrierEvent } from './carrier.ts'
import { type CallCounters, type Interrupter, noCounters } from './events.ts'
import type { Farewell } from './info.ts'
import { Initiative, type InitiativeActs, type Situation } from './initiative.ts'
import { Interruption, whoHears, yieldOf } from './interruption.ts'
import { Listening } from './listening.ts'
import { codeOf, misfortune } from './misfortune.ts'
import { Operator } from './operator.ts'
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
  readonly operator: Operator
  readonly #parts: CallParts & { readonly voice: Voice }
  readonly #answering: Answering
  readonly #interruption: Interruption
  readonly #listening: Listening
  readonly #initiative: Initiative
  readonly #over = new AbortController()
  readonly #ended = Promise.withResolvers<Omit<Farewell, 'said'>>()
  readonly #counters = { ...noCounters }
  #connected = false
  readonly #turn = new CallerTurn()

  constructor(given: CallParts) {
    const { leg, session, agent, clock, transcript } = given
    const options = { clock, leadMs: agent.leadMs, transcript, played: given.taps.heard }
    const voice = new Voice(leg, options, (item) => given.tell({ type: 'heard', ...item }))
    const parts = { ...given, voice }
    this.#parts = parts
    this.#answering = new Answering({ ...parts, onAudible: (id, last) => this.#onAudible(id, last) })
    const by = () => whoHears(agent.bargeIn.by, session.turnsBy, this.operator.onLine)
    this.#interruption = new Interruption(parts, {
      by,
      confirmMs: agent.bargeIn.confirmMs,
      facts: () => ({ ...this.#situation(), ...this.#listening.facts }),
      speechMs: () => this.#listening.speechMs,
      held: () => this.#listening.doubt(),
      resumed: () => this.#listening.settle(this.#agentSpeaks),
      cut: (source, yieldMs) => this.#bargeIn(source, yieldMs),
    })
    this.#listening = new Listening(
      { ear: parts.ear, session, yields: () => by() === 'local+model', turnSilenceMs: agent.bargeIn.turnSilenceMs },
      {
        speech: (input) => this.#interruption.take(input),
        callerBegan: (hush) => this.#onCallerBegan(undefined, hush),
        callerEnded: () => this.#onCallerEnded(),
      },
    )
    const silence = () => {
      this.#silence()
      this.#listening.settle(false)
    }
    const acts: InitiativeActs = { leave: (ending) => this.#end(ending), silence }
    this.#initiative = new Initiative(parts, () => this.#situation(), acts, this.#over.signal)
    this.operator = new Operator(
      { ...parts, initiative: this.#initiative, over: this.#over.signal },
      { ...acts, callerSpeaks: () => this.#turn.sinceMs !== undefined, agentSpeaks: () => this.#agentSpeaks },
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
        if (this.#parts.agent.bargeIn.onDigits && !this.operator.onLine) this.#interruption.take('digit')
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
      case 'turn-refused':
        this.#onCallerEnded()
        if (event.type === 'turn-refused') this.#initiative.nobodyAsks()
        return
      case 'turn-named':
        this.#parts.transcript.callerNamed(event.itemId)
        return
      case 'response-started':
        this.#answering.begin(event.responseId, this.#initiative.leaving)
        tell(event)
        if (this.operator.onLine) this.#hush()
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
        if (this.operator.onLine) this.operator.refuse(event)
        else this.#initiative.run(event)
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
        this.operator.lose({ outcome: misfortune('provider-lost', event.error) })
    }
  }

  /** @param hush the agent is silent: an answer that was asked for a moment ago and has not begun would talk over him. */
  #onCallerBegan(itemId: string | undefined, hush: boolean): void {
    const { tell, transcript, session } = this.#parts
    if (hush) session.cancel()
    if (session.turnsBy === 'model') this.#interruption.take('model-started')
    this.#turn.began(this.#parts.clock.now())
    transcript.callerBegan(itemId)
    tell({ type: 'caller-speech-started' })
    this.#initiative.callerBegan()
  }

  /** Nobody will say any more when the caller stops: that is our ear's to find, as long as no model is there. */
  #onLost(): void {
    const { earSpeaking } = this.#listening
    if (earSpeaking && !this.#agentSpeaks) this.#listening.begin(false)
    else if (this.#turn.sinceMs !== undefined && !earSpeaking) this.#onCallerEnded(true)
  }

  /** @param untold the model has not said so. */
  #onCallerEnded(untold = false): void {
    if (untold) this.#parts.session.endTurn()
    if (!this.#turn.ended()) return
    this.#counters.turns++
    this.#parts.tell({ type: 'caller-speech-stopped' })
    // A sound that the agent spoke on over: nobody waits for an answer to that.
    if (this.#agentSpeaks) return
    this.#turn.waits(this.#parts.clock.now())
    this.#initiative.owe(this.#listening.silentMs ?? 0)
  }

  #onAudible(responseId: string, last: boolean): void {
    const { clock, latencies, startedMs, tell } = this.#parts
    const nowMs = clock.now()
    this.#initiative.answered(last)
    const latencyMs = this.#turn.answered(nowMs, this.#listening.silentMs ?? 0)
    if (latencyMs === undefined) latencies.greeted(nowMs - startedMs)
    else latencies.responded(latencyMs)
    tell({ type: 'agent-audible', responseId, ...(latencyMs === undefined ? {} : { latencyMs }) })
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

  #hush(): void {
    this.#answering.cut()
    this.#parts.session.cancel()
  }

  /** The agent says no more of what it was saying, and the model is told what was heard of it. */
  #silence(): ReturnType<Voice['interrupt']> {
    const { voice, session } = this.#parts
    const cut = voice.interrupt()
    this.#interruption.close()
    this.#hush()
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
    if (this.#listening.missedEnd(this.#turn.sinceMs, clock.now())) this.#onCallerEnded(true)
    this.operator.tick(clock.now())
    if (!this.operator.onLine) this.#initiative.tick(clock.now())
    const spoken = this.#agentSpeaks || this.#turn.sinceMs !== undefined || this.#listening.earSpeaking
    session.look(!spoken && voice.unheardMs === 0 && !this.#initiative.busy)
  }

  #situation(): Situation {
    return {
      agentSpeaks: this.#agentSpeaks,
      audible: this.#parts.voice.sounds,
      callerSpeaks: this.#turn.sinceMs !== undefined,
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
