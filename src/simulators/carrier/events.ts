import type { Verb } from './twiml.ts'
import type { DialOutcome } from './verbs.ts'

/** What Twilio's debugger would show: the codes of its error dictionary. */
interface Notice {
  readonly code: number
  readonly level: 'warning' | 'error'
  readonly message: string
}

/** How a media stream ended. */
export type StreamEnd =
  /** The caller hung up, or the call was over: `stop` was sent. */
  | { readonly how: 'hung-up' }
  /** The server closed the socket; the call goes on with what comes next. */
  | { readonly how: 'server-closed' }
  | { readonly how: 'error'; readonly code: number }

export type CallStatus = 'ringing' | 'in-progress' | 'completed' | 'busy' | 'failed' | 'no-answer'

/** Why a simulated call is over. */
export interface CallEnd {
  /** `caller`: hung up; `server`: TwiML ended it; `carrier`: it could not go on (no TwiML, or the longest call). */
  readonly by: 'caller' | 'server' | 'carrier'
  readonly status: CallStatus
  /** Twilio's error code, when a misfortune ended it. */
  readonly code?: number
  /** From answer to end [ms]. */
  readonly durationMs: number
}

/**
 * What happens at the phone and at the carrier, in order. `atMs` is the place in the recording [ms]: 0 is the moment at
 * which the line was answered, and everything before it.
 */
export type PhoneEvent = { readonly atMs: number } & (
  | { readonly type: 'webhook-answered'; readonly url: string; readonly status: number; readonly tookMs: number }
  | { readonly type: 'verb'; readonly verb: Verb }
  /** A `<Dial>` is over: whom it rang, under which number, and how that went. */
  | {
      readonly type: 'dialled'
      readonly number: string
      readonly callerId: string | undefined
      readonly status: DialOutcome['status']
      readonly talkMs: number
    }
  | { readonly type: 'stream-started'; readonly streamSid: string; readonly url: string }
  | { readonly type: 'stream-ended'; readonly streamSid: string; readonly end: StreamEnd }
  /** A frame of the server's sound begins to play: 160 mu-law bytes. Silence is not announced. */
  | { readonly type: 'audio-heard'; readonly audio: Uint8Array }
  /** A mark was sent back. */
  | { readonly type: 'mark-echoed'; readonly name: string }
  | { readonly type: 'cleared'; readonly droppedMs: number; readonly marks: readonly string[] }
  | { readonly type: 'callback-answered'; readonly event: string; readonly status: number }
  | ({ readonly type: 'warning' } & Notice)
  | ({ readonly type: 'ended' } & CallEnd)
)

type WithoutTime<T> = T extends unknown ? Omit<T, 'atMs'> : never

/** A `PhoneEvent` before the call has put its time on it. */
export type Happening = WithoutTime<PhoneEvent>
export type Tell = (happening: Happening) => void
