import { durationMs } from '../audio/format.ts'
import { makeTranscoder, type Transcoder } from '../audio/transcoder.ts'
import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import type { Ticker } from '../base/ticker.ts'
import type { Agent } from './agent.ts'
import type { CarrierEvent, CarrierLeg } from './carrier.ts'
import { type CallCounters, type CallEvent, type CallOutcome, type EndReason, noCounters } from './events.ts'
import { type Heard, Playout } from './playout.ts'
import type { RealtimeSession, SessionEvent } from './provider.ts'

/** A call event before it is stamped with the call's time. */
export type CallNews = CallEvent extends infer E ? (E extends CallEvent ? Omit<E, 'atMs'> : never) : never

/** What a call needs besides its two ends. */
export interface CallOptions {
  readonly clock: Clock
  /** The shared 20 ms beat. */
  readonly ticker: Ticker
  readonly agent: Agent
  /** Takes everything that happens; must not throw. */
  readonly tell: (news: CallNews) => void
}

/**
 * One call, made when both ends are open: it moves sound between them and lets the caller talk over the agent.
 *
 * ```
 *   leg ─audio─▶ uplink ─▶ session        speech-started ─▶ playout cut, downlink reset, response cancelled
 *   leg ◀─ playout ◀─ downlink ◀─ session                   its late audio dropped by response id
 *
 *   live ──(caller hangs up | an end is lost | too long | stopped)──▶ ended, once
 * ```
 */
export class Call {
  readonly #leg: CarrierLeg
  readonly #session: RealtimeSession
  readonly #options: CallOptions
  readonly #uplink: Transcoder
  readonly #downlink: Transcoder
  readonly #playout: Playout
  readonly #over = new AbortController()
  readonly #ended = Promise.withResolvers<CallOutcome>()
  /** Responses the model has begun and not ended; `cut` ones are not to be heard any more. */
  readonly #responses = new Map<string, { cut: boolean; audible: boolean }>()
  #speechStoppedMs: number | undefined
  readonly #counters = { ...noCounters }

  constructor(leg: CarrierLeg, session: RealtimeSession, options: CallOptions) {
    this.#leg = leg
    this.#session = session
    this.#options = options
    this.#uplink = makeTranscoder(leg.format, session.inputFormat)
    this.#downlink = makeTranscoder(session.outputFormat, leg.format)
    this.#playout = new Playout(leg, options.clock, options.agent.leadMs, (heard) => this.#onHeard(heard))
  }

  get counters(): CallCounters {
    return this.#counters
  }

  /** Runs the call to its end; resolves once, with why. `stop` ends it from outside: a deploy, an operator. */
  async run(stop: AbortSignal): Promise<CallOutcome> {
    const { clock, ticker, agent } = this.#options
    const over = this.#over.signal
    ticker.onTick((lagMs) => this.#playout.tick(lagMs), over)
    clock.after(agent.manners.maxCallMs, () => this.#end({ reason: 'max-duration' }), over)
    stop.addEventListener('abort', () => this.#end({ reason: 'shutdown' }), {
      signal: over,
    })
    this.#session.listen((event) => this.#onSession(event))
    this.#leg.listen((event) => this.#onCarrier(event))
    if (stop.aborted) this.#end({ reason: 'shutdown' })
    if (!over.aborted && agent.greeting?.type === 'instruction') this.#session.respond(agent.greeting.text)
    return this.#ended.promise
  }

  #onCarrier(event: CarrierEvent): void {
    if (this.#over.signal.aborted) return
    switch (event.type) {
      case 'audio':
        this.#counters.callerMs += durationMs(this.#leg.format, event.audio.length)
        this.#session.append(this.#uplink.push(event.audio))
        return
      case 'mark':
        this.#playout.marked(event.name)
        return
      case 'dtmf':
        this.#options.tell({ type: 'dtmf', digit: event.digit })
        return
      case 'closed':
        this.#end(event.by === 'caller' ? { reason: 'caller-hung-up' } : misfortune('carrier-lost', event.error))
    }
  }

  #onSession(event: SessionEvent): void {
    if (this.#over.signal.aborted) return
    switch (event.type) {
      case 'speech-started':
        this.#bargeIn()
        return
      case 'speech-stopped':
        this.#options.tell({ type: 'caller-speech-stopped' })
        this.#speechStoppedMs = this.#options.clock.now()
        this.#counters.turns++
        return
      case 'response-started':
        this.#responses.set(event.responseId, { cut: false, audible: false })
        // Sound of one answer must not ring into the next.
        this.#downlink.reset()
        this.#options.tell(event)
        return
      case 'audio':
        this.#onAgentAudio(event.responseId, event.itemId, event.audio)
        return
      case 'response-ended':
        if (this.#responses.get(event.responseId)?.cut === false) this.#playout.finish()
        this.#responses.delete(event.responseId)
        this.#options.tell(event)
        return
      case 'transcript':
        if (event.final && event.text !== '') {
          this.#options.tell({
            type: 'said',
            speaker: event.speaker,
            itemId: event.itemId,
            text: event.text,
          })
        }
        return
      case 'tool-call':
        this.#onToolCall(event.toolCallId, event.name)
        return
      case 'lost':
        this.#options.tell({ type: 'provider-lost', ...codeOf(event.error) })
        return
      case 'restored':
        this.#options.tell({ type: 'provider-restored' })
        return
      case 'closed':
        this.#end(misfortune('provider-lost', event.error))
    }
  }

  #onAgentAudio(responseId: string, itemId: string, audio: Uint8Array): void {
    const ms = durationMs(this.#session.outputFormat, audio.length)
    const response = this.#responses.get(responseId)
    if (response === undefined || response.cut) {
      this.#counters.lateMs += ms
      return
    }
    this.#counters.agentMs += ms
    this.#playout.push(itemId, this.#downlink.push(audio))
    if (response.audible) return
    response.audible = true
    const since = this.#speechStoppedMs
    this.#speechStoppedMs = undefined
    const latency = since === undefined ? {} : { latencyMs: this.#options.clock.now() - since }
    this.#options.tell({ type: 'agent-audible', responseId, ...latency })
  }

  /** Sound first, model second. It depends on what is still to be heard, never on whether the model still generates. */
  #bargeIn(): void {
    const cut = this.#playout.interrupt()
    this.#downlink.reset()
    const answering = [...this.#responses.values()].some((response) => !response.cut)
    for (const response of this.#responses.values()) response.cut = true
    this.#session.cancel()
    this.#options.tell({ type: 'caller-speech-started' })
    for (const item of cut.items) {
      // The words heard are not known yet: without a map from words to time the model is told the time alone.
      this.#session.truncate(item.itemId, item.heardMs, '')
      this.#onHeard(item)
    }
    if (cut.unheardMs === 0 && !answering) return
    this.#counters.bargeIns++
    this.#counters.cutMs += cut.unheardMs
    const heardMs = cut.items[0]?.heardMs ?? 0
    this.#options.tell({ type: 'barge-in', heardMs, unheardMs: cut.unheardMs })
  }

  #onHeard(heard: Heard): void {
    this.#counters.heardMs += heard.heardMs
    this.#options.tell({ type: 'heard', ...heard })
  }

  /** No tool is declared yet, but a model may invent one: it is told so, and speaks on instead of waiting for ever. */
  #onToolCall(toolCallId: string, name: string): void {
    this.#options.tell({ type: 'tool-called', toolCallId, name })
    this.#session.answerTool(toolCallId, JSON.stringify({ error: `there is no tool named ${name}` }))
    this.#options.tell({ type: 'tool-answered', toolCallId, name, ok: false })
  }

  #end(outcome: CallOutcome): void {
    if (this.#over.signal.aborted) return
    const { items, unheardMs } = this.#playout.interrupt()
    for (const item of items) this.#onHeard(item)
    this.#counters.cutMs += unheardMs
    this.#over.abort()
    this.#ended.resolve(outcome)
  }
}

/** An outcome whose reason is a lost end, with the code of what went wrong. */
export function misfortune(reason: EndReason, error: unknown): CallOutcome {
  return { reason, ...codeOf(error) }
}

function codeOf(error: unknown): Pick<CallOutcome, 'code'> {
  return error instanceof CallError ? { code: error.code } : {}
}
