import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import type { Agent } from './agent.ts'
import type { CallInfo } from './info.ts'
import { instructionsFor } from './memory.ts'
import type { RealtimeSession } from './provider.ts'

/** A model's session that is being opened for a call, from its announcement on. */
export interface Opening {
  readonly agent: Agent
  /** Rejects when it cannot be opened, and when it was abandoned. */
  readonly session: Promise<RealtimeSession>
  /** Nobody comes for it: what is opened, or will be, is released. */
  abandon(reason: unknown): void
}

/** Opens the model for a call. The session is the taker's to release, unless it is abandoned. */
export function openSession(agent: Agent, info: CallInfo): Opening {
  const over = new AbortController()
  const options = {
    callId: info.callId,
    instructions: instructionsFor(agent, info),
    tools: agent.tools.map(({ declaration }) => declaration),
  }
  const session = agent.provider.connect(options, over.signal)
  // Who takes it hears of it; until then a refusal is nobody's news.
  session.catch(() => {})
  return {
    agent,
    session,
    abandon(reason) {
      over.abort(reason)
      void session.then((opened) => opened[Symbol.asyncDispose]()).catch(() => {})
    },
  }
}

/**
 * The session, when it is there.
 * @throws the reason of `signal` when that aborts first, `provider-timeout` after the agent's `connectMs`, or why the
 * model refused; the opening is abandoned then.
 */
export async function takeSession(opening: Opening, clock: Clock, signal: AbortSignal): Promise<RealtimeSession> {
  const { agent } = opening
  const done = new AbortController()
  const failed = Promise.withResolvers<never>()
  const giveUp = () => failed.reject(signal.reason)
  clock.after(agent.connectMs, () => failed.reject(late(agent)), done.signal)
  signal.addEventListener('abort', giveUp, { signal: done.signal })
  if (signal.aborted) giveUp()
  try {
    return await Promise.race([failed.promise, opening.session])
  } catch (error) {
    opening.abandon(error)
    throw error
  } finally {
    done.abort()
  }
}

function late({ provider, connectMs }: Agent): CallError {
  return new CallError('provider-timeout', `${provider.name} was not ready within ${connectMs} ms`)
}
