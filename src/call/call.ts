import { durationMs } from '../audio/format.ts'
import { makeTranscoder, type Transcoder } from '../audio/transcoder.ts'
import type { Clock } from '../base/clock.ts'
import type { Ticker } from '../base/ticker.ts'
import type { Agent } from './agent.ts'
import { Answering } from './answering.ts'
import type { CallNews } from './call-news.ts'
import type { CarrierEvent, CarrierLeg } from './carrier.ts'
import type { CallerEar } from './ear.ts'
import { type CallCounters, type Interrupter, noCounters } from './events.ts'
import type { CallInfo, Farewell } from './info.ts'
import { Initiative, type Situation } from './initiative.ts'
import { Interruption, yieldOf } from './interruption.ts'
import type { Latencies } from './latencies.ts'
import { Listening } from './listening.ts'
import { welcomeBack } from './memory.ts'
import { codeOf, misfortune } from './misfortune.ts'
import type { RealtimeSession, SessionEvent } from './provider.ts'
import type { Transcript } from './transcript.ts'
import { type HeardItem, RECORDED, type Voice } from './voice.ts'

/** Everything that a call is made of. */
export interface CallParts {
  readonly leg: CarrierLeg
  readonly session: RealtimeSession
  readonly voice: Voice
  readonly ear: CallerEar
  readonly transcript: Transcript
  readonly agent: Agent
  readonly info: CallInfo
  readonly clock: Clock
  /** The shared 20 ms beat. */
  readonly ticker: Ticker
  readonly latencies: Latencies
  /** When the stream began [ms of the clock]. */
  readonly startedMs: number
  /** Takes everything that happens; must not throw. */
  readonly tell: (news: CallNews) => void
}

/**
 * One call, made when both ends are open: it moves sound between them and lets the caller talk over the agent.
 *
 * ```
 *   leg ─audio─▶ uplink ─▶ session              ear, speech-started ─▶ interruption ─▶ hold | resume | cut
 *        └─────▶ ear                            tick ─▶ patience, leaving, filler
 *   leg ◀─ voice ◀─ downlink ◀─ session         tool-call ─▶ runner ─▶ answered | leaving
 *
 *   live ──(caller hangs up | an end is lost | goodbye heard | stopped)──▶ ended, once
 * ```
 */
export class Call {
  readonly #parts: CallParts
  readonly #uplink: Transcoder
  readonly #answering: Answering
  readonly #interruption: Interruption
  readonly #listening: Listening
  readonly #initiative: Initiative
  readonly #over = new AbortController()
  readonly #ended = Promise.withResolvers<Omit<Farewell, 'said'>>()
  readonly #counters = { ...noCounters }
  /** The caller's sound from before both ends were open is being delivered. */
  #catchesUp = false
  #callerSpeaks = false
  /** The model says that the caller has stopped; the agent has not been heard since. */
  #stoppedMs: number | undefined

  constructor(parts: CallParts) {
    const { leg, session, agent } = parts
    this.#parts = parts
    this.#uplink = makeTranscoder(leg.format, session.inputFormat)
    this.#answering = new Answering({ ...parts, onAudible: (id, last) => this.#onAudible(id, last) }, leg.format)
    const manual = session.turnsBy === 'caller'
    // A model that has no ear of its own cannot be asked.
    const by = manual && agent.bargeIn.by === 'model' ? 'local+model' : agent.bargeIn.by
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
      { ear: parts.ear, session, yields: by === 'local+model', turnSilenceMs },
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
    const { leg, session, ticker, agent, info } = this.#parts
    const over = this.#over.signal
    ticker.onTick((lagMs) => this.#onTick(lagMs), over)
    stop.addEventListener('abort', () => this.#end({ outcome: { reason: 'shutdown' } }), { signal: over })
    session.listen((event) => this.#onSession(event))
    this.#catchesUp = true
    leg.listen((event) => this.#onCarrier(event))
    this.#catchesUp = false
    if (stop.aborted) this.#end({ outcome: { reason: 'shutdown' } })
    if (over.aborted) return this.#ended.promise
    if (info.resumed !== undefined) this.#initiative.prompt(welcomeBack(info.resumed))
    else if (agent.greeting?.type === 'instruction') this.#initiative.prompt(agent.greeting.text)
    return this.#ended.promise
  }

  /** What of an item was heard: the voice tells it. */
  onHeard(item: HeardItem): void {
    this.#parts.tell({ type: 'heard', ...item })
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
    session.append(this.#uplink.push(audio))
    // What the caller was hearing then nobody knows any more: an echo of the greeting would pass for a voice.
    if (this.#catchesUp && this.#agentSpeaks) return
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
        tell(event)
        return
      case 'transcript':
        this.#onWords(event, this.#parts.transcript.take(event))
        return
      case 'tool-call':
        this.#initiative.run(event)
        return
      case 'lost':
        tell({ type: 'provider-lost', ...codeOf(event.error) })
        return
      case 'restored':
        tell({ type: 'provider-restored' })
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
    this.#callerSpeaks = true
    transcript.callerBegan(itemId)
    tell({ type: 'caller-speech-started' })
    this.#initiative.callerBegan()
  }

  #onCallerEnded(): void {
    this.#callerSpeaks = false
    this.#counters.turns++
    this.#parts.tell({ type: 'caller-speech-stopped' })
    // A sound that the agent spoke on over: nobody waits for an answer to that.
    if (this.#agentSpeaks) return
    this.#stoppedMs = this.#parts.clock.now()
    this.#initiative.owe()
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

  #onWords(words: Extract<SessionEvent, { type: 'transcript' }>, place: number | undefined): void {
    const { speaker, itemId, text, final } = words
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
      this.onHeard(item)
    }
    this.#counters.cutMs += cut.unheardMs
    return cut
  }

  #onTick(lagMs: number): void {
    this.#parts.voice.tick(lagMs)
    this.#initiative.tick(this.#parts.clock.now())
  }

  #situation(): Situation {
    return {
      agentSpeaks: this.#agentSpeaks,
      callerSpeaks: this.#callerSpeaks,
      answering: this.#answering.wanted,
      held: this.#interruption.held,
      silentMs: this.#listening.silentMs,
    }
  }

  #end(ending: Omit<Farewell, 'said'>): void {
    if (this.#over.signal.aborted) return
    const { items, unheardMs } = this.#parts.voice.interrupt()
    for (const item of items) this.onHeard(item)
    this.#counters.cutMs += unheardMs
    this.#interruption.close()
    this.#over.abort()
    // Who was on the way to somebody, or had said goodbye, gets there although an end was lost meanwhile.
    const { next } = this.#initiative
    this.#ended.resolve(next === undefined ? ending : { next, ...ending })
  }
}
