import type { CallOutcome } from '../../call/events.ts'
import type { StreamState } from './media-stream.ts'

/** What a caller hears after the stream. */
export type Next = 'hang-up' | 'apology' | 'busy'

/** What we know of a call when Twilio asks what comes next. */
export interface KnownCall {
  /** Its stream, until the outcome of that is known. */
  readonly stream: StreamState | undefined
  /** What its last stream came to. */
  readonly outcome: CallOutcome | undefined
  /** Its webhook was answered by us with a stream, a moment ago. */
  readonly announced: boolean
}

/**
 * | known of the call                                  | next    |
 * |----------------------------------------------------|---------|
 * | its stream was ended by the caller, or by us       | hang up |
 * | its stream broke, or looks open to us              | apology |
 * | outcome: somebody hung up, handed over, too long   | hang up |
 * | outcome: the model is out of calls (provider-busy) | busy    |
 * | outcome: an end was lost, we are shutting down     | apology |
 * | announced, but its stream never came               | apology |
 * | nothing                                            | hang up |
 */
export function whatComesNext({ outcome, stream, announced }: KnownCall): Next {
  if (stream !== undefined) return stream === 'closed-by-caller' || stream === 'released' ? 'hang-up' : 'apology'
  if (outcome !== undefined) return afterOutcome(outcome)
  return announced ? 'apology' : 'hang-up'
}

function afterOutcome({ reason, code }: CallOutcome): Next {
  switch (reason) {
    case 'provider-lost':
      return code === 'provider-busy' ? 'busy' : 'apology'
    case 'carrier-lost':
    case 'shutdown':
      return 'apology'
    case 'caller-hung-up':
    case 'agent-hung-up':
    case 'operator-hung-up':
    case 'handed-over':
    case 'max-duration':
      return 'hang-up'
  }
}
