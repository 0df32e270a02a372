import type { CallOutcome } from '../../call/events.ts'
import type { Continuation, Happening } from '../../call/info.ts'
import type { StreamState } from './media-stream.ts'

/** What a caller gets after the stream, and after what came after it. */
export type Next =
  | { readonly type: 'apology' | 'busy' }
  | Continuation
  /** A new stream of the same call. */
  | { readonly type: 'come-back'; readonly happened: Happening }

/** What we know of a call when Twilio asks what comes next. */
export interface KnownCall {
  /** A human was dialled: Twilio's `DialCallStatus`; empty when none was. */
  readonly dialled: string
  /** The transfer that this was, by its destination's name. */
  readonly destination: string | undefined
  /** Its stream, until the outcome of that is known. */
  readonly stream: StreamState | undefined
  /** What its last stream came to, and what the agent wanted to become of the caller. */
  readonly outcome: CallOutcome | undefined
  readonly wanted: Continuation | undefined
  /** It was promised a stream by us, a moment ago. */
  readonly announced: boolean
  /** Whether it can have another stream: we go on living, and it has not had too many. */
  readonly mayReturn: boolean
}

/**
 * | known of the call                                         | next                                    |
 * |-----------------------------------------------------------|-----------------------------------------|
 * | a human was dialled and took it: completed, answered      | hang up                                 |
 * | dialled, not taken: busy, no-answer, failed, canceled     | come back: a new stream, which knows it |
 * | the same of a transfer that is not known; may not return  | apology                                 |
 * | its stream was ended by the caller, or by us              | hang up                                 |
 * | its stream broke, or looks open to us                     | apology                                 |
 * | the caller hung up                                        | hang up                                 |
 * | the agent wanted it: hang up                              | hang up                                 |
 * | the agent wanted it: transfer                             | dial; Twilio asks again how that went   |
 * | the agent wanted it: digits                               | play them, then a new stream            |
 * | the same, and it may not return, or we are shutting down  | apology                                 |
 * | outcome: we hung up, handed over, too long                | hang up                                 |
 * | outcome: the model is out of calls (provider-busy)        | busy                                    |
 * | outcome: an end was lost, we are shutting down            | apology                                 |
 * | announced, but its stream never came                      | apology                                 |
 * | nothing                                                   | hang up                                 |
 */
export function whatComesNext(known: KnownCall): Next {
  const { dialled, stream, outcome, wanted, announced } = known
  if (dialled !== '') return afterDial(known)
  if (stream !== undefined) return stream === 'closed-by-caller' || stream === 'released' ? HANG_UP : APOLOGY
  if (outcome === undefined) return announced ? APOLOGY : HANG_UP
  if (outcome.reason === 'caller-hung-up') return HANG_UP
  if (wanted === undefined) return afterOutcome(outcome)
  const comesBack = wanted.type === 'digits'
  return comesBack && (!known.mayReturn || outcome.reason === 'shutdown') ? APOLOGY : wanted
}

const HANG_UP: Next = { type: 'hang-up' }
const APOLOGY: Next = { type: 'apology' }
/** `answered`: the other end is a conference. */
const TAKEN: readonly string[] = ['completed', 'answered']
/** The model is told how it went; what Twilio may invent one day is not put into its mouth. */
const NOT_TAKEN: readonly string[] = ['busy', 'no-answer', 'failed', 'canceled']

function afterDial({ dialled, destination, mayReturn }: KnownCall): Next {
  if (TAKEN.includes(dialled)) return HANG_UP
  if (destination === undefined || !mayReturn) return APOLOGY
  const how = NOT_TAKEN.includes(dialled) ? dialled : 'failed'
  return { type: 'come-back', happened: { type: 'transfer-failed', destination, how } }
}

function afterOutcome({ reason, code }: CallOutcome): Next {
  switch (reason) {
    case 'provider-lost':
      return code === 'provider-busy' ? { type: 'busy' } : APOLOGY
    case 'carrier-lost':
    case 'shutdown':
      return APOLOGY
    case 'caller-hung-up':
    case 'agent-hung-up':
    case 'operator-hung-up':
    case 'handed-over':
    case 'max-duration':
      return HANG_UP
  }
}
