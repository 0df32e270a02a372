import type { CallError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { Dialect } from './dialect.ts'
import { errorOf, judgeError } from './errors.ts'
import type { WireError } from './events.ts'
import type { Floor } from './floor.ts'
import type { HeardTeller } from './heard-truth.ts'
import type { Tally } from './tally.ts'
import type { Uplink } from './uplink.ts'

/** So many are logged a session: a model that complains of every frame would fill the disk. */
const loggedMost = 20

export interface ComplaintsOptions {
  readonly errors: Dialect['errors']
  readonly heard: HeardTeller
  readonly floor: Floor
  readonly uplink: Uplink
  readonly tally: Tally
  /** The model took what the caller said for noise. */
  readonly noTurn: () => void
  /** The session is over, for this. */
  readonly end: (error: CallError) => void
  readonly callId: string
  readonly log: Logger | undefined
}

/**
 * What the model complains of, and what follows from it (errors.ts).
 *
 * ```
 *   error frame ─────▶ verdict ─▶ nothing │ the floor waits and asks again │ bigger frames │ end
 *   answer failed ─▶ fatal, or the second in a row ─▶ end
 *                 └▶ else ─▶ asked for once more
 * ```
 */
export class Complaints {
  readonly #options: ComplaintsOptions
  #failedBefore = false

  constructor(options: ComplaintsOptions) {
    this.#options = options
  }

  /** An error frame came. */
  hear(error: WireError): void {
    const { errors, heard, floor, uplink, tally, noTurn, end } = this.#options
    const verdict = judgeError(errors, error)
    tally.errors++
    if (heard.refused(error, verdict.outcome === 'keep')) return
    switch (verdict.outcome) {
      case 'swallow':
        return
      case 'end':
        end(errorOf(error, verdict))
        return
      case 'no-turn':
        noTurn()
        return
      case 'retry-create':
        floor.collided()
        return
      case 'create-later':
        floor.tooEarly()
        return
      case 'back-off':
        floor.backOff()
        break
      case 'slow-down':
        uplink.widen()
    }
    this.#log(error, errorOf(error, verdict), verdict.outcome)
  }

  /** An answer is over. A failed one is tried once more; a session whose answers fail is of no use to the caller. */
  answerOver(failure: WireError | undefined): void {
    if (failure === undefined) {
      this.#failedBefore = false
      return
    }
    const { errors, floor, tally, end } = this.#options
    const verdict = judgeError(errors, failure)
    const error = errorOf(failure, verdict)
    tally.errors++
    const fatal = verdict.code === 'provider-refused' || verdict.code === 'provider-config'
    if (fatal || this.#failedBefore) {
      end(error)
      return
    }
    this.#failedBefore = true
    floor.askAgain(verdict.code === 'provider-busy')
    this.#log(failure, error, 'ask-again')
  }

  #log({ code }: WireError, error: CallError, outcome: string): void {
    const { callId, log, tally } = this.#options
    if (tally.errors <= loggedMost) log?.warn({ callId, code, private: error.message, outcome }, 'model error')
  }
}
