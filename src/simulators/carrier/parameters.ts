import { randomBytes } from 'node:crypto'
import type { Form } from './webhook.ts'

/** Who calls whom. */
export interface CallIdentity {
  readonly accountSid: string
  readonly callSid: string
  /** Usually E.164; `anonymous`, `unknown` or nothing when the caller withholds it. */
  readonly from: string
  readonly to: string
}

/** A new sid: two letters and 32 hexadecimal digits. */
export function makeSid(prefix: 'AC' | 'CA' | 'MZ'): string {
  return prefix + randomBytes(16).toString('hex')
}

/**
 * The form of a real inbound call in the United States, empty fields included: every one of them is signed.
 * `CallToken` is percent-encoded JSON by itself, so it is encoded twice on the wire.
 */
export function inboundForm(call: CallIdentity): Record<string, string> {
  const token = { parentCallInfoToken: `eyJhbGciOiJFUzI1NiJ9.${call.callSid}`, identityHeaderTokens: [] }
  const caller = { City: 'SAN FRANCISCO', State: 'CA', Zip: '94105', Country: 'US' }
  const called = { City: '', State: 'CA', Zip: '', Country: 'US' }
  const places = Object.entries({ From: caller, Caller: caller, To: called, Called: called }).flatMap(([side, place]) =>
    Object.entries(place).map(([field, value]) => [side + field, value]),
  )
  return {
    AccountSid: call.accountSid,
    ApiVersion: '2010-04-01',
    CallSid: call.callSid,
    CallStatus: 'ringing',
    Direction: 'inbound',
    From: call.from,
    To: call.to,
    Caller: call.from,
    Called: call.to,
    ...Object.fromEntries(places),
    StirVerstat: 'TN-Validation-Passed-A',
    CallToken: encodeURIComponent(JSON.stringify(token)),
  }
}

/** RFC 2822, as status callbacks carry it: `Sun, 25 Mar 2018 09:53:19 +0000`. */
export function rfc2822(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}

/** What a stream's status callback adds to nothing: it does not carry the parameters of the call. */
export function streamStatusForm(
  call: CallIdentity,
  stream: { readonly sid: string; readonly name: string },
  event: 'stream-started' | 'stream-stopped' | 'stream-error',
  error: string | undefined,
): Form {
  return {
    AccountSid: call.accountSid,
    CallSid: call.callSid,
    StreamSid: stream.sid,
    StreamName: stream.name,
    StreamEvent: event,
    ...(error !== undefined && { StreamError: error }),
    Timestamp: new Date().toISOString(),
  }
}
