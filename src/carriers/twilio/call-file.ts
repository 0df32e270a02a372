import type { HttpReply } from '../../base/http.ts'
import type { CallInfo, Farewell, Happening } from '../../call/info.ts'
import { lastWords } from '../../call/recollect.ts'
import type { CallRecord, RecalledCall } from '../../call/store.ts'
import type { Utterance } from '../../call/transcript.ts'
import type { Numbers } from './twiml.ts'

/**
 * What is known of one call between its webhook and its end, however many streams it has and whoever carried them.
 *
 * ```
 *   promise 1 ─▶ started ─▶ over ─▶ promise 2 ─▶ started ─▶ over …         each promise is Twilio's to take up
 *            └── after each of them the record is what another process has to know ──┘
 * ```
 */
export class CallFile {
  /** Where the call stands, for every process; each step makes a new one. */
  record: CallRecord
  /** A stream of it has been there: whoever comes now comes back. */
  begun: boolean
  /** The end of the conversation; `isTold` when the last stream itself has told it. */
  said: readonly Utterance[]
  isTold: boolean
  /** Its last stream was stopped here, so we are going down. */
  isStopped = false
  /** What was said to the webhook, until the stream that it promised is there. */
  announcement: { readonly reply: HttpReply; readonly atMs: number } | undefined
  /** What was said to each question of what comes next: Twilio repeats one whose answer did not reach it. */
  readonly #answers = new Map<string, Promise<HttpReply>>()

  /** @param known what a store has of it; where it has no words, nobody has spoken yet. */
  constructor(known: RecalledCall) {
    const { said, ...record } = known
    this.record = record
    this.said = lastWords(said)
    this.isTold = said.length > 0
    this.begun = said.length > 0 || record.farewell !== undefined
  }

  get callId(): string {
    return this.record.callId
  }

  /** What a store has of it takes the place of what is known here, unless it is of before. */
  refresh({ said, ...record }: RecalledCall): void {
    const { streams, farewell } = this.record
    if (record.streams < streams || (record.streams === streams && farewell !== undefined && !record.farewell)) return
    this.begun ||= said.length > 0 || record.farewell !== undefined || record.streams > streams
    this.record = record
    if (said.length > 0) this.tell(said)
  }

  /** Another process has promised streams since: what became of the last of them is not known here. */
  catchUp(streams: number): void {
    if (streams <= this.record.streams) return
    const { farewell: _older, ...record } = this.record
    this.record = { ...record, streams }
    this.isTold = false
    this.begun = true
  }

  /** Another stream; returns its number. */
  promise(): number {
    const { farewell: _over, ...record } = this.record
    this.record = { ...record, streams: record.streams + 1 }
    this.isStopped = false
    this.announcement = undefined
    return this.record.streams
  }

  /** The answer that was given to a question before, or is being given; one that failed is given anew. */
  answerTo(question: string, answer: () => Promise<HttpReply>): Promise<HttpReply> {
    const given = this.#answers.get(question)
    if (given !== undefined) return given
    const giving = answer()
    this.#answers.set(question, giving)
    giving.catch(() => this.#answers.delete(question))
    return giving
  }

  started(): void {
    this.announcement = undefined
    this.begun = true
    this.isTold = false
  }

  over({ outcome, next, said }: Farewell): void {
    const isWanted = next !== undefined && this.record.over === undefined
    this.record = { ...this.record, farewell: { outcome, ...(isWanted ? { next } : {}) } }
    this.isStopped = outcome.reason === 'shutdown'
    // Of a process that died nobody tells the words; the store has them.
    if (said.length > 0) this.tell(said)
  }

  tell(said: readonly Utterance[]): void {
    this.said = lastWords(said)
    this.isTold = true
  }

  /** The line was lost once more, at this time [ms since 1970]; what is older than `windowMs` does not count any more. */
  recover(now: number, windowMs: number): void {
    this.record = { ...this.record, recoveries: [...this.recoveries(now, windowMs), now] }
  }

  recoveries(now: number, windowMs: number): readonly number[] {
    return this.record.recoveries.filter((at) => at > now - windowMs)
  }

  transferredTo(destination: string): void {
    this.record = { ...this.record, destination }
  }

  /** The carrier has said that the call is over: what the agent still wanted, a number perhaps, is nobody's any more. */
  end(): void {
    const { farewell, ...record } = this.record
    this.record = {
      ...record,
      ...(farewell === undefined ? {} : { farewell: { outcome: farewell.outcome } }),
      over: true,
    }
  }

  /** As its next stream is told. */
  info({ from, to }: Numbers, happened: Happening | undefined, now: number): CallInfo {
    const info = { callId: this.callId, from, to }
    if (happened === undefined) return info
    // Wall clocks of two machines differ, and may be set back.
    const spentMs = Math.max(0, now - this.record.openedAt)
    return { ...info, resumed: { happened, said: this.said, spentMs } }
  }
}
