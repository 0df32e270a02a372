import type { Clock } from '../base/clock.ts'
import type { Ticker } from '../base/ticker.ts'
import { Call } from './call.ts'
import type { CallNews } from './call-news.ts'
import type { CarrierLeg } from './carrier.ts'
import type { MakeEar } from './ear.ts'
import { EnduringSession } from './enduring-session.ts'
import { type CallCounters, type CallEventSink, noCounters } from './events.ts'
import type { CallInfo, Farewell } from './info.ts'
import { Latencies } from './latencies.ts'
import type { Opening } from './opening.ts'

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
 * Answers one call: runs it, releases both ends in reverse order whatever happens, and records exactly one `ended`, as
 * the last event.
 *
 * ```
 *   answered ─▶ connected: the model is there ─▶ … ─▶ ended        leg and session are released before it resolves
 *        └ a recorded greeting, or a tone, is heard meanwhile
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
  const { agent, transcript } = opening
  const tell = (news: CallNews) => onEvent({ atMs: clock.now() - startedMs, ...news })
  const resumed = info.resumed === undefined ? {} : { resumed: true as const }
  tell({ type: 'answered', callId: leg.callId, provider: agent.providers[0].name, ...resumed })
  const latencies = new Latencies()
  let counters: CallCounters = noCounters
  let ending: Omit<Farewell, 'said'>
  {
    await using _leg = leg
    await using session = new EnduringSession(opening, leg.format, clock)
    const ear = makeEar(leg.format)
    const call = new Call({ leg, session, ear, transcript, agent, info, clock, ticker, latencies, startedMs, tell })
    ending = await call.run(stop)
    counters = call.counters
  }
  tell({ type: 'ended', ...ending.outcome, counters, latency: latencies.summary() })
  return { ...ending, said: transcript.said }
}
