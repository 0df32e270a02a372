import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import type { Ticker } from '../base/ticker.ts'
import { Call, type CallNews, misfortune } from './call.ts'
import type { CarrierLeg } from './carrier.ts'
import { type CallEventSink, type CallOutcome, noCounters } from './events.ts'
import type { RealtimeProvider, RealtimeSession } from './provider.ts'

/** Who answers and how: an operator's settings, the same for every call. */
export interface Agent {
  readonly provider: RealtimeProvider
  readonly instructions: string
  /** What makes it speak first, as an instruction to the model; `undefined`: it waits for the caller. */
  readonly greeting: string | undefined
  readonly maxCallMs: number
  /** How long the model may take to be ready for a call [ms]. */
  readonly connectMs: number
  /** How much sound the carrier is given ahead [ms]. */
  readonly leadMs: number
}

/** What a call takes from the process it runs in. */
export interface Surroundings {
  readonly clock: Clock
  readonly ticker: Ticker
  /** Ends the call from outside. */
  readonly stop: AbortSignal
  readonly onEvent: CallEventSink
}

/**
 * Answers one call: opens the model, runs the call, releases both ends in reverse order whatever happens, and records
 * exactly one `ended`, as the last event.
 *
 * ```
 *   answered ─▶ connect ─▶ connected ─▶ … ─▶ ended        leg and session are released before it resolves
 *                  └─ refused, late, or the caller gave up ─▶ ended
 * ```
 */
export async function answer(
  leg: CarrierLeg,
  agent: Agent,
  { clock, ticker, stop, onEvent }: Surroundings,
): Promise<CallOutcome> {
  const startedMs = clock.now()
  const tell = (news: CallNews) => onEvent({ atMs: clock.now() - startedMs, ...news })
  tell({ type: 'answered', callId: leg.callId, provider: agent.provider.name })
  let counters = noCounters
  let outcome: CallOutcome
  {
    await using _leg = leg
    const opened = await connect(leg, agent, clock, stop)
    if ('outcome' in opened) {
      outcome = opened.outcome
    } else {
      await using session = opened.session
      tell({ type: 'connected' })
      const call = new Call(leg, session, { clock, ticker, tell, ...agent })
      outcome = await call.run(stop)
      counters = call.counters
    }
  }
  tell({ type: 'ended', ...outcome, counters })
  return outcome
}

async function connect(
  leg: CarrierLeg,
  agent: Agent,
  clock: Clock,
  stop: AbortSignal,
): Promise<{ session: RealtimeSession } | { outcome: CallOutcome }> {
  const deadline = new AbortController()
  const done = new AbortController()
  clock.after(agent.connectMs, () => deadline.abort(late(agent)), done.signal)
  const signal = AbortSignal.any([leg.gone, stop, deadline.signal])
  try {
    const options = {
      callId: leg.callId,
      instructions: agent.instructions,
      tools: [],
    }
    return { session: await agent.provider.connect(options, signal) }
  } catch (error) {
    if (leg.gone.aborted) {
      const why: unknown = leg.gone.reason
      return { outcome: why instanceof CallError ? misfortune('carrier-lost', why) : { reason: 'caller-hung-up' } }
    }
    if (stop.aborted) return { outcome: { reason: 'shutdown' } }
    return { outcome: misfortune('provider-lost', error) }
  } finally {
    done.abort()
  }
}

function late(agent: Agent): CallError {
  return new CallError('provider-timeout', `${agent.provider.name} was not ready within ${agent.connectMs} ms`)
}
