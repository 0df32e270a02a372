import type { Clock } from '../base/clock.ts'
import type { Farewell } from '../call/info.ts'
import type { StreamState } from '../carriers/twilio/media-stream.ts'
import type { Claim, Ending, Line, Register, Welcome } from '../carriers/twilio/register.ts'
import type { FromWorker } from './messages.ts'
import { Questions } from './questions.ts'

/** How long the reception may take to say whose a stream is [ms]. Meanwhile the stream keeps its sound. */
const WELCOME_MS = 5000

/** The switchboard as a worker sees it: questions and answers over the channel to the reception. */
export class RemoteRegister implements Register {
  readonly #tell: (message: FromWorker) => void
  readonly #welcomes: Questions<Welcome>
  readonly #lines = new Map<number, Line>()
  #last = 0

  constructor(clock: Clock, tell: (message: FromWorker) => void) {
    this.#tell = tell
    this.#welcomes = new Questions(clock)
  }

  async started(claim: Claim, line: Line): Promise<Welcome> {
    const stream = ++this.#last
    this.#lines.set(stream, line)
    const welcome = await this.#welcomes.ask((ask) => this.#tell({ type: 'started', ask, stream, claim }), WELCOME_MS)
    if (welcome !== undefined && 'info' in welcome) return welcome
    this.#lines.delete(stream)
    if (welcome !== undefined) return welcome
    // It may have been let in all the same, and the answer be late.
    this.#tell({ type: 'over', stream, ending: { farewell: lostAgain, byCaller: false } })
    return { fault: 'no-answer' }
  }

  over(_callSid: string, line: Line, ending: Ending): void {
    for (const [stream, known] of this.#lines) {
      if (known !== line) continue
      this.#lines.delete(stream)
      this.#tell({ type: 'over', stream, ending })
      return
    }
  }

  /** The reception's answer to `started`. */
  welcomed(ask: number, welcome: Welcome): void {
    this.#welcomes.answer(ask, welcome)
  }

  /** The reception knows that a stream is dead. */
  async lose(stream: number, why: string): Promise<StreamState | undefined> {
    return this.#lines.get(stream)?.lose(why)
  }
}

const lostAgain: Farewell = { outcome: { reason: 'carrier-lost' }, said: [] }
