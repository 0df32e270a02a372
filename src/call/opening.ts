import type { Clock } from '../base/clock.ts'
import type { Agent } from './agent.ts'
import type { CallInfo } from './info.ts'
import { instructionsFor } from './memory.ts'
import { Reach } from './reach.ts'
import type { SessionSource } from './session-source.ts'
import type { Standing } from './standing.ts'
import { Transcript } from './transcript.ts'

/** A call that is on its way: who will answer it, and the model's session, which is being opened. */
export interface Opening extends SessionSource {
  readonly agent: Agent
  /** What was said so far: each session that is opened is told. */
  readonly transcript: Transcript
}

/** Opens the model for a call, from its announcement on. The session is the taker's to release, unless it is abandoned. */
export function openSession(agent: Agent, info: CallInfo, standing: Standing, clock: Clock): Opening {
  const over = new AbortController()
  const transcript = new Transcript(info.resumed?.said ?? [])
  let opened = false
  const describe = () => ({
    callId: info.callId,
    instructions: instructionsFor(agent, info, opened ? transcript.soFar : undefined),
    tools: agent.tools.map(({ declaration }) => declaration),
  })
  const reach = new Reach({ agent, describe, standing, clock })
  const first = reach.find(over.signal)
  first.then(
    () => {
      opened = true
    },
    // Who takes it hears of it; until then a refusal is nobody's news.
    () => {},
  )
  return {
    ...{ agent, transcript, first },
    find: (signal, loss) => reach.find(signal, loss),
    renew: (provider, signal) => reach.renew(provider, signal),
    abandon(reason) {
      over.abort(reason)
      void first.then(({ session }) => session[Symbol.asyncDispose]()).catch(() => {})
    },
  }
}
