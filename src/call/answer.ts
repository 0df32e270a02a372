import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import type { Ticker } from '../base/ticker.ts'
import { Call, type CallNews, misfortune } from './call.ts'
import type { CarrierLeg } from './carrier.ts'
import { type CallEventSink, type CallOutcome, noCounters } from './events.ts'
import type { CallInfo, Farewell } from './info.ts'
import { type Opening, takeSession } from './opening.ts'
import type { RealtimeSession } from './provider.ts'

/** What a call takes from the process it runs in. */
export interface Surroundings {
  readonly clock: Clock
  readonly ticker: Ticker
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
 *                  └─ refused, late, or the caller gave up ─▶ ended
 * ```
 * @param opening the model's session, which has been on its way since the call was announced.
 */
export async function answer(
  leg: CarrierLeg,
  info: CallInfo,
  opening: Opening,
  { clock, ticker, stop, onEvent }: Surroundings,
): Promise<Farewell> {
  const startedMs = clock.now()
  const { agent } = opening
  const tell = (news: CallNews) => onEvent({ atMs: clock.now() - startedMs, ...news })
  tell({ type: 'answered', callId: leg.callId, provider: agent.provider.name })
  let counters = noCounters
  let farewell: Farewell
  {
    await using _leg = leg
    const opened = await connect(leg, opening, clock, stop)
    if ('outcome' in opened) {
      farewell = { outcome: opened.outcome, said: info.resumed?.said ?? [] }
    } else {
      await using session = opened.session
      tell({ type: 'connected' })
      const call = new Call(leg, session, { clock, ticker, tell, agent })
      farewell = { outcome: await call.run(stop), said: [] }
      counters = call.counters
    }
  }
  tell({ type: 'ended', ...farewell.outcome, counters })
  return farewell
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
