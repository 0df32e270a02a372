import type { CallOutcome } from '../../call/events.ts'
import type { Continuation, Happening } from '../../call/info.ts'
import type { StreamState } from './media-stream.ts'

/** What is said to a caller for whom nothing else is left. */
export type LastWords = 'apology' | 'busy'

/** What a caller gets after the stream, and after what came after it. */
export type Next =
  | Continuation
  /** A new stream of the same call. `counted`: it is one of the few that a broken line is worth. */
  | { readonly type: 'come-back'; readonly happened: Happening; readonly counted: boolean }
  /** A little patience: another process of ours is to answer the question. */
  | { readonly type: 'hand-over' }
  /** The fallback number; the words when nobody is there. */
  | { readonly type: 'fall-back'; readonly words: LastWords }
  | { readonly type: 'words'; readonly words: LastWords }

/** What we know of a call when Twilio asks what comes next. */
export interface KnownCall {
  /** The carrier has said that the call is over. */
  readonly over: boolean
  /** A human was dialled: Twilio's `DialCallStatus`; empty when none was. */
  readonly dialled: string
  /** It was the fallback number that was dialled, and this is what is said when nobody took it. */
  readonly lastWords: LastWords | undefined
  /** The transfer that this was, by its destination's name. */
  readonly destination: string | undefined
  /** Its stream, when the outcome of that is not known. */
  readonly stream: StreamState | undefined
  /** What its last stream came to, and what the agent wanted to become of the caller. */
  readonly outcome: CallOutcome | undefined
  readonly wanted: Continuation | undefined
  /** It was promised a stream, by us or by another process. */
  readonly promised: boolean
  /** Whether it can have another stream: it has not had too many. */
  readonly mayReturn: boolean
  /** Whether its line, or its process, may be lost once more. */
  readonly mayRecover: boolean
  /** We are going down, so nothing begins here any more. */
  readonly goingDown: boolean
  /** Another process may still take the call over. */
  readonly mayHandOver: boolean
  /** There is a fallback number. */
  readonly hasFallback: boolean
}

/**
 * The first line that fits is what the caller gets.
 *
 * | known of the call                                              | next                                        |
 * |----------------------------------------------------------------|---------------------------------------------|
 * | the carrier says that it is over                               | hang up                                     |
 * | the fallback number was dialled and taken                      | hang up                                     |
 * | ... and not taken                                              | the last words: apology or busy             |
 * | a human was dialled for the agent and took it                  | hang up                                     |
 * | ... and did not: busy, no-answer, failed, canceled             | come back; the agent knows it               |
 * | ... and did not, and nobody knows who that was                 | come back as from a broken line *           |
 * | no outcome yet: `stop` has come, or we hung up                 | hang up                                     |
 * | no outcome yet: the stream broke, was closed without `stop`,   | come back as from a broken line *           |
 * | is silent, looks open, or its process cannot say               |                                             |
 * | the caller hung up (`stop`)                                    | hang up                                     |
 * | the agent wanted it: hang up                                   | hang up                                     |
 * | the agent wanted it: transfer                                  | dial; Twilio asks again how that went       |
 * | the agent wanted it: digits                                    | play them, then a new stream                |
 * | outcome: we hung up, handed over, too long                     | hang up                                     |
 * | outcome: the line was lost (carrier-lost)                      | come back as from a broken line *           |
 * | outcome: its process was stopped (shutdown)                    | come back as from a broken line             |
 * | outcome: the model was lost for good (provider-lost)           | fallback number, else apology               |
 * | ... because it is out of calls (provider-busy)                 | fallback number, else busy                  |
 * | promised a stream that never came, or nobody is left to say    | come back as from a broken line *           |
 * | nothing                                                        | hang up                                     |
 *
 * What needs a new stream (come back, digits) is subject to three things:
 *
 * | and                                                            | then                                        |
 * |----------------------------------------------------------------|---------------------------------------------|
 * | it is a line marked * and there were `max` of them in `window` | fallback number, else apology               |
 * | the call goes round in circles                                 | fallback number, else apology               |
 * | we are going down                                              | hand over, ten times at most; then the same |
 */
export function whatComesNext(known: KnownCall): Next {
  const next = wishFor(known)
  if (next.type !== 'come-back' && next.type !== 'digits') return next
  const isSpent = next.type === 'come-back' && next.counted && !known.mayRecover
  if (isSpent || !known.mayReturn) return lastResort(known, 'apology')
  if (!known.goingDown) return next
  return known.mayHandOver ? { type: 'hand-over' } : lastResort(known, 'apology')
}

const HANG_UP: Next = { type: 'hang-up' }
const LINE_BROKE: Next = { type: 'come-back', happened: { type: 'line-broke' }, counted: true }
const STOPPED: Next = { type: 'come-back', happened: { type: 'line-broke' }, counted: false }
/** `answered`: the other end is a conference. */
const TAKEN: readonly string[] = ['completed', 'answered']
/** The model is told how it went; what Twilio may invent one day is not put into its mouth. */
const NOT_TAKEN: readonly string[] = ['busy', 'no-answer', 'failed', 'canceled']

function wishFor(known: KnownCall): Next {
  const { stream, outcome, wanted } = known
  if (known.over) return HANG_UP
  if (known.lastWords !== undefined || known.dialled !== '') return afterDial(known)
  if (stream !== undefined) return stream === 'stopped' || stream === 'released' ? HANG_UP : LINE_BROKE
  if (outcome === undefined) return known.promised ? LINE_BROKE : HANG_UP
  if (outcome.reason === 'caller-hung-up') return HANG_UP
  return wanted ?? afterOutcome(outcome, known)
}

function afterDial({ dialled, lastWords, destination }: KnownCall): Next {
  if (TAKEN.includes(dialled)) return HANG_UP
  if (lastWords !== undefined) return { type: 'words', words: lastWords }
  if (destination === undefined) return LINE_BROKE
  const how = NOT_TAKEN.includes(dialled) ? dialled : 'failed'
  return { type: 'come-back', happened: { type: 'transfer-failed', destination, how }, counted: false }
}

function afterOutcome({ reason, code }: CallOutcome, known: KnownCall): Next {
  switch (reason) {
    case 'provider-lost':
      return lastResort(known, code === 'provider-busy' ? 'busy' : 'apology')
    case 'carrier-lost':
      return LINE_BROKE
    case 'shutdown':
      return STOPPED
    case 'caller-hung-up':
    case 'agent-hung-up':
    case 'operator-hung-up':
    case 'handed-over':
    case 'max-duration':
      return HANG_UP
  }
}

function lastResort({ hasFallback }: KnownCall, words: LastWords): Next {
  return { type: hasFallback ? 'fall-back' : 'words', words }
}
