import type { Clock } from '../../base/clock.ts'
import type { StatusCallback } from './callbacks.ts'
import type { Fault } from './faults.ts'
import type { DialOutcome } from './verbs.ts'
import type { Form, WebhookLimits } from './webhook.ts'

/**
 * How long the carrier takes over what it does between two streams. No page of it says so, and the default is not at all:
 * what a server itself needs is then seen best.
 *
 * ```
 *   socket breaks ── noticeMs ──▶ stream-error ── askMs ──▶ action URL ─▶ TwiML ── openMs ──▶ upgrade of the next stream
 * ```
 */
export interface CarrierTiming {
  /** From a connection that broke to the carrier's knowing of it [ms]. Not documented. */
  readonly noticeMs?: number
  /** From the end of a stream to the question what comes next [ms]. Not documented. */
  readonly askMs?: number
  /** From a document with a stream to that stream's upgrade [ms]. Not documented; 300 to 1000 are reported. */
  readonly openMs?: number
}

/** How one call is made. Only `webhookUrl` is needed for a server on this machine that checks no signature. */
export interface SimulatedCallOptions {
  /** The voice URL as it is configured at the carrier: this is what is signed. */
  readonly webhookUrl: string
  /** Asked when a document cannot be had or read, with `ErrorCode` and `ErrorUrl`. */
  readonly fallbackUrl?: string
  readonly statusCallback?: StatusCallback
  /** Origin (`http://127.0.0.1:8080`) where requests to the webhook's host really go, the media socket too. */
  readonly connectTo?: string
  /** Without it nothing is signed. */
  readonly authToken?: string
  readonly accountSid?: string
  readonly callSid?: string
  readonly from?: string
  readonly to?: string
  /** Further parameters of the webhook's form, or other values for the usual ones. */
  readonly form?: Form
  readonly clock?: Clock
  /** Same seed, same jitter and same first timestamp. */
  readonly seed?: number
  /** Timestamp of a stream's first frame [ms]; default 100 to 170. */
  readonly firstTimestampMs?: number
  /** The longest call [ms]; then the carrier ends it. Default ten minutes. */
  readonly maxCallMs?: number
  readonly faults?: readonly Fault[]
  /** Signs the media socket's URL with a slash at its end: which form the real one signs is not certain. */
  readonly signTrailingSlash?: boolean
  /** Reports 31921 also when the server closes with 1000: whether the real one does is not certain. */
  readonly plainCloseIsError?: boolean
  readonly timing?: CarrierTiming
  /** Shorter limits for webhooks, where the real ones are too long to wait for. */
  readonly webhookLimits?: WebhookLimits
  /** Accepts `ws://` to other machines than this one. */
  readonly allowInsecure?: boolean
  /** What happens when the server dials a number; default: nobody answers. */
  readonly dial?: (number: string, timeoutMs: number) => DialOutcome
  /** False: nothing is recorded, for many calls at once. */
  readonly record?: boolean
}
