import type { FaultAction, FaultMoment } from './faults.ts'

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
