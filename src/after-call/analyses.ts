import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Judged, Question, Reading, Turn } from './analyst-messages.ts'
import { backOffMs, mayPass } from './back-off.ts'
import type { AnalysisOutcome } from './count.ts'
import { deadline, pause } from './pause.ts'
import { repair } from './question.ts'
import { Slots } from './slots.ts'

/** Attempts at once: each is 10 MB on its way, and the services allow few requests a minute. */
const AT_ONCE = 2
/** Calls that wait to be analysed; each holds its transcript, some 20 kB. */
const MAX_WAITING = 200
const ATTEMPT_MS = 120_000
/** Of one question; with the pauses between them about ten minutes. */
const MAX_ATTEMPTS = 7
const BACK_OFF = { firstMs: 5000, mostMs: 300_000 }
/** A service that wants to be left alone for longer is: the attempt comes after this [ms]. */
const MOST_WAIT_MS = 600_000

export interface AnalysesOptions {
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Judged>
  readonly clock: Clock
  readonly log: Logger
  readonly count: (outcome: AnalysisOutcome) => void
  /** Chance, from 0 to 1. */
  readonly random: () => number
}

/** A call whose analysis is wanted. */
export interface WantedAnalysis {
  readonly callId: string
  readonly asked: Turn
  readonly recordings: readonly string[]
}

/**
 * Has calls analysed, a few at a time.
 *
 * ```
 *   wanted (bounded) ─▶ slot ─▶ attempt ─┬─ of the shape ─▶ result
 *                        ▲               ├─ not of the shape: asked once to correct it, then failed
 *                        └─── pause ◀────┴─ busy, lost, cut off, too late     refused ─▶ failed
 * ```
 */
export class Analyses {
  readonly #options: AnalysesOptions
  readonly #slots = new Slots(AT_ONCE)
  #waiting = 0

  constructor(options: AnalysesOptions) {
    this.#options = options
  }

  /** The result, of the operator's shape; `undefined`: there is none, and it was said why. Never rejects. */
  async analyse(wanted: WantedAnalysis, signal: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { count, log } = this.#options
    if (this.#waiting >= MAX_WAITING) {
      count('refused')
      log.warn({ callId: wanted.callId, waiting: this.#waiting }, 'call not analysed: too many wait')
      return undefined
    }
    this.#waiting++
    try {
      return await this.#analyse(wanted, signal)
    } finally {
      this.#waiting--
    }
  }

  async #analyse({ callId, asked, recordings }: WantedAnalysis, signal: AbortSignal) {
    const { count } = this.#options
    const first = await this.#answerTo({ turns: [asked], recordings }, callId, signal)
    if (first === undefined) return undefined
    if ('result' in first.reading) return this.#done(first.reading.result)
    count('repaired')
    const turns = repair(asked, first.text, first.reading.problem)
    const second = await this.#answerTo({ turns, recordings: [] }, callId, signal)
    if (second === undefined) return undefined
    if ('result' in second.reading) return this.#done(second.reading.result)
    this.#failed(callId, { why: 'shape' })
    return undefined
  }

  #done(value: Readonly<Record<string, unknown>>) {
    this.#options.count('done')
    return value
  }

  /** What was answered, after as many attempts as it takes; `undefined`: nothing will be. */
  async #answerTo(question: Question, callId: string, signal: AbortSignal): Promise<Answered | undefined> {
    const { count, log, clock, random } = this.#options
    for (let attempt = 1; !signal.aborted; attempt++) {
      const answer = await this.#slots.run(() => this.#attempt(question, signal))
      if (signal.aborted) return undefined
      // Whoever never says that it is done may have said everything.
      if (answer.ok && (answer.isWhole || 'result' in answer.reading)) return answer
      const failure: Failure = answer.ok ? { why: 'cut' } : answer
      if (!mayBeTriedAgain(failure) || attempt === MAX_ATTEMPTS) {
        this.#failed(callId, failure, attempt)
        return undefined
      }
      const wait = Math.max(backOffMs(BACK_OFF, attempt, random), Math.min(failure.retryAfterMs ?? 0, MOST_WAIT_MS))
      count('retried')
      log.info({ callId, attempt, waitMs: wait, why: failure.why, status: failure.status }, 'analysis tried again')
      if (!(await pause(clock, wait, signal))) return undefined
    }
    return undefined
  }

  async #attempt(question: Question, signal: AbortSignal): Promise<Judged> {
    using limit = deadline(this.#options.clock, ATTEMPT_MS, signal)
    return await this.#options.ask(question, limit.signal)
  }

  #failed(callId: string, { why, status }: Failure, attempts?: number): void {
    this.#options.count('failed')
    this.#options.log.warn({ callId, why, status, attempts }, 'call not analysed')
  }
}

interface Answered {
  readonly text: string
  readonly reading: Reading
}

interface Failure {
  readonly why: string
  readonly status?: number
  readonly retryAfterMs?: number
}

/** An attempt that was aborted, and not by us, was too late. */
function mayBeTriedAgain({ why, status }: Failure): boolean {
  return why === 'status' ? mayPass(status ?? 0) : why !== 'too-long'
}
