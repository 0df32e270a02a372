import { commonError, invalidRequest, type WireError } from './wire-error.ts'

/** Something that goes wrong at one moment. */
export type FaultAction =
  /** A close frame; a reason over the 123 bytes of RFC 6455 goes out all the same, as the service does it. */
  | { readonly do: 'close'; readonly code: number; readonly reason: string }
  /** The TCP connection is reset: the client sees 1006. */
  | { readonly do: 'reset' }
  /** Nothing is sent any more, the socket stays open. */
  | { readonly do: 'silence' }
  /** Half-open: nothing is sent and nothing read, a ping is not answered either. The client's end is not noticed. */
  | { readonly do: 'freeze' }
  /** An `error` event. A response that is active then never gets another event, `response.done` neither. */
  | {
      readonly do: 'error'
      readonly error: WireError
      readonly close?: { readonly code: number; readonly reason: string }
    }
  /** An `error` event that changes nothing: what is being said goes on. */
  | { readonly do: 'note'; readonly error: WireError }
  /**
   * What the service typically says: `harmless` to a client's needless cancel, nothing else happens; `recoverable` when
   * it fails, the response that is active never ends; `fatal` when the account or the key is refused, the session ends.
   */
  | { readonly do: 'complain'; readonly kind: 'harmless' | 'recoverable' | 'fatal' }
  /** The response that is active gets no further event and stays active for good: nothing else is answered. */
  | { readonly do: 'hang' }
  /** The response that is active ends early, with a `response.done` of this status; OpenAI says why. */
  | { readonly do: 'finish'; readonly status: 'incomplete' | 'failed'; readonly details: StatusDetails }
  /** The model speaks unasked: a response with no item of the caller before it. Nothing when one is active. */
  | { readonly do: 'speak' }
  /** Nothing at all, in place of what was due. */
  | { readonly do: 'nothing' }

/** Why a response was not completed, as OpenAI's `status_details` has it. */
export interface StatusDetails {
  readonly reason?: 'turn_detected' | 'client_cancelled' | 'max_output_tokens' | 'content_filter'
  readonly error?: { readonly type: string; readonly code: string; readonly message: string }
}

/** When it goes wrong. */
export type FaultMoment =
  /** In place of `session.created`. */
  | { readonly at: 'open' }
  /** In place of the first `session.updated`. */
  | { readonly at: 'update' }
  /** In the `response`-th response (default 0, the first), when so many of its audio deltas are out; 0: at its start. */
  | { readonly at: 'response'; readonly afterDeltas: number; readonly response?: number }
  /** In place of the answer to the `turn`-th turn of the caller (default 0, the first). */
  | { readonly at: 'turn'; readonly turn?: number }
  /** So long [ms] after the upgrade. */
  | { readonly at: 'time'; readonly ms: number }

/** How a client is kept out. */
export interface UpgradeFaults {
  /** The upgrade is answered with this HTTP status, and what the service says with it or these words. */
  readonly refuseUpgrade?: number | { readonly status: number; readonly code: string; readonly message: string }
  /** The upgrade is never answered. */
  readonly stallUpgrade?: boolean
  /** The connection is reset in place of an answer, as by a machine that is down. */
  readonly resetUpgrade?: boolean
}

/** Everything that is seen to go wrong with the service, each behind its own switch; all off by default. */
export interface Faults extends UpgradeFaults {
  /** The socket opens and `session.created` never comes. */
  readonly noSessionCreated?: boolean
  /** Each happens once, at its moment. */
  readonly strikes?: readonly (FaultMoment & FaultAction)[]
  /** The final transcript of the caller's words: empty, only after `response.done`, `…failed` instead, or never. */
  readonly transcript?: 'empty' | 'after-response' | 'failed' | 'never'
  /** An event of a type that no page lists before every response. */
  readonly unknownEvents?: boolean
  /** A frame without `type` before every response. */
  readonly typelessFrames?: boolean
  /** Every event is split into WebSocket fragments of this many bytes. */
  readonly fragmentBytes?: number
  /** Every audio delta but the last of a piece holds an odd number of bytes: a sample is cut in two. */
  readonly oddDeltas?: boolean
  /** All audio of a response in one delta at its end (over 1 MiB of base64 from 16.4 s at 24 kHz; at most 60 s). */
  readonly hugeDeltas?: boolean
  /** Function calls are cut half-way, as by a caller who speaks: the item is incomplete, the response cancelled. */
  readonly cutCalls?: boolean
  /** `input_audio_buffer.commited`, as one page of the service spells it. */
  readonly misspelledCommitted?: boolean
  /** OpenAI's GA names of the six text and audio events, `response.output_audio.delta` and so on. */
  readonly gaNames?: boolean
}

/** Closed for want of a response: recoverable. The text says 180 seconds, at times 300. */
export function idleClose(seconds = 180): FaultAction {
  const reason = `Your session was closed because no response was generated for ${seconds} seconds.`
  return { do: 'close', code: 1007, reason }
}

/** The account is in arrears: said after a good upgrade. */
export const arrearage: FaultAction = {
  do: 'close',
  code: 1007,
  reason: 'Access denied, please make sure your account is in good standing.',
}

/** The free quota is used up: said at the first response, with a reason of more than the 123 bytes a close frame may hold. */
export const freeTierExhausted: FaultAction = {
  do: 'close',
  code: 1007,
  reason:
    'The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, ' +
    'please disable the "use free tier only" mode in the management console. (AllocationQuota.FreeTierOnly)',
}

/** The backend fails and the response never ends. */
export const backendFailed: FaultAction = {
  do: 'error',
  error: commonError('<50002> InternalError.Algo.ModelServingError: the model serving failed.'),
}

/** The backend is too slow and the connection ends. */
export const responseTimeout: FaultAction = { do: 'close', code: 1011, reason: 'Response timeout' }

/** The semantic VAD did not take the caller's sound for speech: no turn comes of it. */
export const speechNotAccepted: WireError = invalidRequest('Input speech was not accepted by semantic turn detection')
