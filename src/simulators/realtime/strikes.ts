import type { Conversation } from './conversation.ts'
import type { Complaints } from './dialect.ts'
import type { FaultAction, FaultMoment } from './faults.ts'
import type { Wire } from './wire.ts'

type Strike = FaultMoment & FaultAction

/** The strikes of one session that are still to come; each is handed out once. */
export class Strikes {
  #waiting: Strike[]

  constructor(strikes: readonly Strike[]) {
    this.#waiting = [...strikes]
  }

  /** The strike in place of `session.created` or of `session.updated`. */
  inPlaceOf(moment: 'open' | 'update'): FaultAction | undefined {
    return this.#take((strike) => strike.at === moment)
  }

  /** The strike for when so many deltas of the so manieth response are out. */
  inResponse(response: number, deltas: number): FaultAction | undefined {
    return this.#take(
      (strike) => strike.at === 'response' && (strike.response ?? 0) === response && strike.afterDeltas === deltas,
    )
  }

  /** The strike in place of the answer to the so manieth turn. */
  inTurn(turn: number): FaultAction | undefined {
    return this.#take((strike) => strike.at === 'turn' && (strike.turn ?? 0) === turn)
  }

  /** Those that come by the clock. */
  timed(): { readonly ms: number; readonly action: FaultAction }[] {
    return this.#waiting.flatMap((strike) => (strike.at === 'time' ? [{ ms: strike.ms, action: strike }] : []))
  }

  #take(matches: (strike: Strike) => boolean): Strike | undefined {
    const found = this.#waiting.find(matches)
    this.#waiting = this.#waiting.filter((strike) => strike !== found)
    return found
  }
}

/** Makes it go wrong, on an open socket. */
export function carryOut(said: FaultAction, { samples }: Complaints, wire: Wire, conversation: Conversation): void {
  const action = said.do === 'complain' ? samples[said.kind] : said
  if (action.do === 'close') wire.close(action.code, action.reason)
  else if (action.do === 'reset') wire.reset()
  else if (action.do === 'silence') wire.silence()
  else if (action.do === 'freeze') wire.freeze()
  else if (action.do === 'speak') conversation.speakUnasked()
  else if (action.do === 'hang') conversation.hang()
  else if (action.do === 'finish') conversation.finish(action.status, action.details)
  else if (action.do === 'note') wire.emitError(action.error)
  else if (action.do === 'error') {
    wire.emitError(action.error)
    conversation.abandon()
    if (action.close !== undefined) wire.close(action.close.code, action.close.reason)
  }
}
