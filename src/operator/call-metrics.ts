import type { ErrorCode } from '../base/errors.ts'
import { costOf, type PriceList } from '../call/cost.ts'
import { type CallCounters, type CallEvent, type EndReason, noCounters } from '../call/events.ts'
import type { Due } from '../call/patience.ts'
import type { Usage } from '../call/provider.ts'
import { callInstruments } from './call-instruments.ts'
import type { Instruments } from './instruments.ts'

/** What calls cost. */
export interface MetricsOptions {
  /** By provider; one without a price is not counted as costing nothing, but not at all. */
  readonly prices?: PriceList
  /** Three letters. */
  readonly currency?: string
}

/** How a live call stands. */
const states = ['connecting', 'live', 'model-lost', 'taken-over'] as const

/** All there are, checked by the compiler. */
const reasons = Object.keys({
  'caller-hung-up': true,
  'agent-hung-up': true,
  'operator-hung-up': true,
  'handed-over': true,
  'max-duration': true,
  'carrier-lost': true,
  'provider-lost': true,
  shutdown: true,
} satisfies Record<EndReason, true>)
/** Of models; the carrier's have no provider. */
const codes = Object.keys({
  'provider-refused': true,
  'provider-config': true,
  'provider-busy': true,
  'provider-timeout': true,
  'provider-lost': true,
  'provider-protocol': true,
} satisfies Record<Extract<ErrorCode, `provider-${string}`>, true>)
const dues = Object.keys({ ask: true, 'idle-goodbye': true, warn: true, 'time-up': true } satisfies Record<Due, true>)

interface LiveCall {
  readonly provider: string
  readonly isConnecting: boolean
  readonly isLost: boolean
  readonly isTakenOver: boolean
}

const nobody: LiveCall = { provider: 'unknown', isConnecting: false, isLost: false, isTakenOver: false }

type EventOf<T extends CallEvent['type']> = Extract<CallEvent, { readonly type: T }>

/** One frame of a telephone line [ms]. */
const FRAME_MS = 20

/**
 * What is counted of calls, folded from their events.
 *
 * ```
 *   answered ─▶ connecting ─ connected ─▶ live ─ provider-lost ─▶ model-lost ─ provider-restored ─▶ live ─▶ ended: gone
 *                                          └─ took-over ─▶ taken-over ─ handed-back ─▶ live
 * ```
 */
export class CallMetrics {
  readonly #measured: ReturnType<typeof callInstruments>
  readonly #prices: PriceList
  readonly #currency: string
  readonly #live = new Map<string, LiveCall>()
  readonly #met = new Set<string>()

  constructor(make: Instruments, { prices = {}, currency = 'CNY' }: MetricsOptions) {
    this.#measured = callInstruments(make)
    this.#prices = prices
    this.#currency = currency
    this.#begin()
  }

  /** Takes a call's events as they happen. */
  fold(callId: string, event: CallEvent): void {
    this.#stand(callId, event)
    if (event.type === 'ended') this.#end(callId, event)
    else this.#count(this.#live.get(callId)?.provider ?? nobody.provider, event)
  }

  /** Sets how many calls stand how, for who looks now. */
  showStates(): void {
    const counts = new Map<string, number>(states.map((state) => [state, 0]))
    for (const call of this.#live.values()) {
      const state = stateOf(call)
      counts.set(state, (counts.get(state) ?? 0) + 1)
    }
    for (const [state, count] of counts) this.#measured.calls.set({ state }, count)
  }

  /** Where the call stands from now on; one that was never answered, or is over, stands nowhere. */
  #stand(callId: string, event: CallEvent): void {
    if (event.type === 'answered') {
      this.#live.set(callId, { ...nobody, provider: event.provider, isConnecting: true })
      return
    }
    const call = this.#live.get(callId)
    const change = call === undefined ? undefined : changeOf(event)
    if (call !== undefined && change !== undefined) this.#live.set(callId, { ...call, ...change })
  }

  /** An increase is seen from zero only: what is known beforehand is there from the start. */
  #begin(): void {
    const { ended, connectFailures, prompted, tools } = this.#measured
    for (const reason of reasons) ended.add({ reason }, 0)
    for (const code of codes) connectFailures.add({ code }, 0)
    for (const why of dues) prompted.add({ why }, 0)
    for (const outcome of ['answered', 'failed']) tools.add({ outcome }, 0)
    this.#sound(noCounters)
  }

  /** The same of a provider, when it is first heard of. */
  #meet(provider: string): void {
    if (this.#met.has(provider)) return
    this.#met.add(provider)
    this.#measured.lost.add({ provider }, 0)
    this.#measured.restored.add({ provider }, 0)
    for (const code of codes) this.#measured.errors.add({ provider, code }, 0)
  }

  #count(provider: string, event: Exclude<CallEvent, { readonly type: 'ended' }>): void {
    const { answered, connectS, lost, errors, restored, renewed, answerS, bargeIns, yieldS } = this.#measured
    switch (event.type) {
      case 'answered':
        this.#meet(provider)
        if (event.resumed !== true) answered.add({})
        return
      case 'connected':
        this.#meet(event.provider)
        connectS.observe(event.atMs / 1000)
        return
      case 'provider-lost':
        lost.add({ provider })
        errors.add({ provider, code: event.code ?? 'unknown' })
        return
      case 'provider-restored':
        this.#meet(event.provider)
        restored.add({ provider: event.provider })
        return
      case 'session-renewed':
        renewed.add({ provider: event.provider })
        return
      case 'agent-audible':
        if (event.latencyMs !== undefined) answerS.observe(event.latencyMs / 1000)
        return
      case 'barge-in':
        bargeIns.add({})
        if (event.yieldMs !== undefined) yieldS.observe(event.yieldMs / 1000)
        return
      default:
        this.#countRest(provider, event)
    }
  }

  #countRest(provider: string, event: CallEvent): void {
    const { resumed, prompted, tools, operators } = this.#measured
    switch (event.type) {
      case 'resumed':
        resumed.add({})
        return
      case 'prompted':
        prompted.add({ why: event.why })
        return
      case 'tool-answered':
        tools.add({ outcome: event.ok ? 'answered' : 'failed' })
        return
      case 'operator':
        operators.add({ did: event.did })
        return
      case 'response-ended':
        if (event.usage !== undefined) this.#bill(provider, event.usage)
        return
      default:
    }
  }

  #bill(provider: string, usage: Usage): void {
    const { inputTokens, inputAudioTokens, outputTokens, outputAudioTokens } = usage
    const { tokens, cost } = this.#measured
    tokens.add({ provider, kind: 'text', way: 'in' }, inputTokens - inputAudioTokens)
    tokens.add({ provider, kind: 'audio', way: 'in' }, inputAudioTokens)
    tokens.add({ provider, kind: 'text', way: 'out' }, outputTokens - outputAudioTokens)
    tokens.add({ provider, kind: 'audio', way: 'out' }, outputAudioTokens)
    const price = costOf([{ provider, ...usage }], this.#prices)
    if (price !== undefined) cost.add({ provider, currency: this.#currency }, price)
  }

  #end(callId: string, { atMs, reason, code, counters }: EventOf<'ended'>): void {
    const { ended, callS, connectFailures, errors } = this.#measured
    ended.add({ reason })
    callS.observe(atMs / 1000)
    const { provider, isConnecting, isLost } = this.#live.get(callId) ?? nobody
    this.#live.delete(callId)
    if (reason === 'provider-lost') {
      if (isConnecting) connectFailures.add({ code: code ?? 'unknown' })
      // The loss that it did not come back from was counted when it happened.
      if (!isLost) errors.add({ provider, code: code ?? 'unknown' })
    }
    this.#sound(counters)
  }

  #sound(counters: CallCounters): void {
    const { turns, audio, frames, dropped } = this.#measured
    const { callerMs, agentMs, heardMs, cutMs, lateMs, uplinkDroppedMs: uplinkMs = 0 } = counters
    turns.add({}, counters.turns)
    audio.add({ kind: 'caller' }, callerMs / 1000)
    audio.add({ kind: 'agent' }, agentMs / 1000)
    audio.add({ kind: 'heard' }, heardMs / 1000)
    frames.add({ from: 'caller', way: 'in' }, Math.round(callerMs / FRAME_MS))
    frames.add({ from: 'caller', way: 'out' }, Math.round((callerMs - uplinkMs) / FRAME_MS))
    frames.add({ from: 'agent', way: 'in' }, Math.round(agentMs / FRAME_MS))
    frames.add({ from: 'agent', way: 'out' }, Math.round(heardMs / FRAME_MS))
    dropped.add({ why: 'cut' }, cutMs / 1000)
    dropped.add({ why: 'late' }, lateMs / 1000)
    dropped.add({ why: 'uplink' }, uplinkMs / 1000)
  }
}

function changeOf(event: CallEvent): Partial<LiveCall> | undefined {
  switch (event.type) {
    case 'connected':
      return { provider: event.provider, isConnecting: false }
    case 'provider-lost':
      return { isLost: true }
    case 'provider-restored':
      return { provider: event.provider, isConnecting: false, isLost: false }
    case 'operator':
      if (event.did === 'took-over') return { isTakenOver: true }
      return event.did === 'handed-back' ? { isTakenOver: false } : undefined
    default:
      return undefined
  }
}

function stateOf({ isConnecting, isLost, isTakenOver }: LiveCall): (typeof states)[number] {
  if (isTakenOver) return 'taken-over'
  if (isConnecting) return 'connecting'
  return isLost ? 'model-lost' : 'live'
}
