import type { CallOutcome } from './events.ts'
import type { Utterance } from './transcript.ts'

/** What is known of a call before it is answered. `from` may be `anonymous`, empty or no number at all. */
export interface CallInfo {
  readonly callId: string
  readonly from: string
  readonly to: string
  /** Set when the caller comes back to the agent: the same call, a new stream. */
  readonly resumed?: Resumption
}

/** Why a caller comes back, and what was said before. */
export interface Resumption {
  readonly happened: Happening
  /** How long the call had lasted before [ms]: its longest time is for all of it. */
  readonly spentMs: number
  /** The conversation so far, oldest first. */
  readonly said: readonly Utterance[]
}

/** What became of the caller between two streams of one call. */
export type Happening =
  /** A human was dialled and did not take the call; `how` in the carrier's words: busy, no-answer, failed, canceled. */
  | { readonly type: 'transfer-failed'; readonly destination: string; readonly how: string }
  | { readonly type: 'digits-sent' }
  /** The line broke, or the process that carried it was lost; the caller has heard silence for a moment. */
  | { readonly type: 'line-broke' }

/** What the carrier is to do with the caller when the agent lets go of the line. Plain data: it crosses processes. */
export type Continuation =
  | { readonly type: 'hang-up' }
  /** Dials a human; `destination` is the name that configuration gives to `number`. */
  | { readonly type: 'transfer'; readonly destination: string; readonly number: string }
  /** Plays digits to the line, and comes back. */
  | { readonly type: 'digits'; readonly digits: string }

/** How one stream of a call came to its end. */
export interface Farewell {
  readonly outcome: CallOutcome
  /** What the agent wants to become of the caller; absent: nothing in particular. */
  readonly next?: Continuation
  /** The whole conversation so far, for when the caller comes back. */
  readonly said: readonly Utterance[]
}
