import type { CallEvent, CallOutcome } from './events.ts'
import type { Continuation } from './info.ts'
import type { Utterance } from './transcript.ts'

/** Where a call stands with its carrier, for whoever has to go on with it. No caller's number is in it. */
export interface CallRecord {
  readonly callId: string
  /** When it was first heard of [ms since 1970]. */
  readonly openedAt: number
  /** Streams it was promised so far. */
  readonly streams: number
  /** When its stream was opened again because the line, or a process, was lost [ms since 1970], oldest first. */
  readonly recoveries: readonly number[]
  /** Whom the caller is being transferred to, or was, by the destination's name. */
  readonly destination?: string
  /**
   * How its latest stream ended and what the agent wanted; absent: it has not, or nobody was left to say. `next` may
   * hold the number of a human, or keys to be played: once the call is over nobody needs it any more.
   */
  readonly farewell?: { readonly outcome: CallOutcome; readonly next?: Continuation }
  /** The carrier has said that the call is over: nothing comes after it. */
  readonly over?: true
}

/** A call as it is found again: also by another process than the one that carried it. */
export interface RecalledCall extends CallRecord {
  /** The conversation so far, oldest first, as its events tell it. */
  readonly said: readonly Utterance[]
}

/**
 * What is kept of calls beyond the process that carries them.
 *
 * ```
 *   keep, append ─▶ queue (bounded) ── at most 200 ms later ──▶ kept for good      never waits, never throws
 *   recall, claim, forget ─▶ answered, after everything that was put in before
 * ```
 * Several processes may share one store. Disposing writes what waits; after that nothing is taken, and no question is
 * answered.
 *
 * What is kept: every event whole, but which key a caller pressed: of `dtmf` only that it happened, as `*`. Who called, what
 * was said and what tools answered is in plain words, until `forget`.
 */
export interface CallStore extends AsyncDisposable {
  /** Whether other processes keep their calls in it too: of what they have claimed only such a store knows. */
  readonly isShared: boolean
  /**
   * Where the call stands now; takes the place of what was kept of that before, whichever process did. But a process that
   * was left behind may tell it late: a record of fewer streams than the one that is kept is of before, and is not taken.
   * What any of them says of the end is: a call that is over stays over, and what was still wanted then is forgotten. Of
   * as many streams, both know a part: no recovery and no destination is lost.
   */
  keep(record: CallRecord): void
  /** One more event of the call, in order. At the bound of the queue it is dropped, and counted. */
  append(callId: string, event: CallEvent): void
  /**
   * What is known of a call; `undefined`: it was never kept, or is forgotten. Sees all that this process has put in, and
   * what others have written.
   * @throws Error when the store does not answer in time.
   */
  recall(callId: string): Promise<RecalledCall | undefined>
  /**
   * Takes a ticket that is good once, in all processes that share the store. False: it was taken before.
   * @param untilAt it need not be remembered for longer [ms since 1970].
   * @throws Error when the store does not answer in time.
   */
  claim(ticket: string, untilAt: number): Promise<boolean>
  /**
   * Deletes all that is kept of calls that were opened before [ms since 1970], so that it cannot be read any more;
   * returns of how many.
   * @throws Error when the store does not answer in time; then some of them may be deleted.
   */
  forget(beforeAt: number): Promise<number>
}
