import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import type { Ticker } from '../base/ticker.ts'
import { Call } from './call.ts'
import type { CallNews } from './call-news.ts'
import type { CarrierLeg } from './carrier.ts'
import type { MakeEar } from './ear.ts'
import { type CallEventSink, type CallOutcome, noCounters } from './events.ts'
import type { CallInfo, Farewell } from './info.ts'
import { Latencies } from './latencies.ts'
import { misfortune } from './misfortune.ts'
import { type Opening, takeSession } from './opening.ts'
import type { RealtimeSession } from './provider.ts'
import { Transcript } from './transcript.ts'
import { RECORDED, Voice } from './voice.ts'

/** What a call takes from the process it runs in. */
export interface Surroundings {
  readonly clock: Clock
  readonly ticker: Ticker
  readonly makeEar: MakeEar
  /** Ends the call from outside. */
  readonly stop: AbortSignal
  readonly onEvent: CallEventSink
}

/**
 * Answers one call: waits for the model, runs the call, releases both ends in reverse order whatever happens, and
 * records exactly one `ended`, as the last event.
 *
 * ```
 *   answered ─▶ model ready ─▶ connected ─▶ … ─▶ ended        leg and session are released before it resolves
 *        └ a recorded greeting is heard meanwhile
 *                  └─ refused, late, or the caller gave up ─▶ ended
 * ```
 * @param opening the model's session, which has been on its way since the call was announced.
 */
export async function answer(
  leg: CarrierLeg,
  info: CallInfo,
  opening: Opening,
  { clock, ticker, makeEar, stop, onEvent }: Surroundings,
): Promise<Farewell> {
  const startedMs = clock.now()
  const { agent } = opening
  const tell = (news: CallNews) => onEvent({ atMs: clock.now() - startedMs, ...news })
  const resumed = info.resumed === undefined ? {} : { resumed: true as const }
  tell({ type: 'answered', callId: leg.callId, provider: agent.provider.name, ...resumed })
  const transcript = new Transcript(info.resumed?.said ?? [])
  const latencies = new Latencies()
  const greeter = new AbortController()
  let call: Call | undefined
  let ending: Omit<Farewell, 'said'>
  {
    await using _leg = leg
    const voice = new Voice(leg, { clock, leadMs: agent.leadMs, transcript }, (item) =>
      call === undefined ? tell({ type: 'heard', ...item }) : call.onHeard(item),
    )
    if (info.resumed === undefined && agent.greeting?.type === 'sound') {
      const { sound, words } = agent.greeting
      ticker.onTick((lagMs) => voice.tick(lagMs), greeter.signal)
      const place = voice.play(sound, words)
      latencies.greeted(clock.now() - startedMs)
      tell({ type: 'agent-audible', responseId: RECORDED })
      if (words !== '') tell({ type: 'said', speaker: 'agent', itemId: RECORDED, text: words, place })
    }
    const opened = await connect(leg, opening, clock, stop)
    if ('outcome' in opened) {
      ending = opened
      for (const item of voice.interrupt().items) tell({ type: 'heard', ...item })
    } else {
      await using session = opened.session
      tell({ type: 'connected' })
      const ear = makeEar(leg.format)
      call = new Call({ leg, session, voice, ear, transcript, agent, info, clock, ticker, latencies, startedMs, tell })
      greeter.abort()
      ending = await call.run(stop)
    }
    greeter.abort()
  }
  const { outcome } = ending
  tell({ type: 'ended', ...outcome, counters: call?.counters ?? noCounters, latency: latencies.summary() })
  return { ...ending, said: transcript.said }
}

async function connect(
  leg: CarrierLeg,
  opening: Opening,
  clock: Clock,
  stop: AbortSignal,
): Promise<{ session: RealtimeSession } | { outcome: CallOutcome }> {
  try {
    return { session: await takeSession(opening, clock, AbortSignal.any([leg.gone, stop])) }
  } catch (error) {
    if (leg.gone.aborted) {
      const why: unknown = leg.gone.reason
      return { outcome: why instanceof CallError ? misfortune('carrier-lost', why) : { reason: 'caller-hung-up' } }
    }
    if (stop.aborted) return { outcome: { reason: 'shutdown' } }
    return { outcome: misfortune('provider-lost', error) }
  }
}
