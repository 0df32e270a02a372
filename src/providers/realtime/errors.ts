import { CallError, type ErrorCode } from '../../base/errors.ts'
import type { WireError } from './events.ts'

/**
 * What an `error` frame leads to in an open session. While a session is being opened every outcome but `swallow` ends
 * the attempt with the row's code.
 *
 * | outcome      | what follows                                                                          |
 * |--------------|---------------------------------------------------------------------------------------|
 * | swallow      | nothing: the two ends had crossed                                                     |
 * | retry-create | our `response.create` waits for `response.done` and is sent once more                 |
 * | create-later | the same, but it waits for the end of the caller's speech; if the model answers, gone |
 * | no-turn      | the model took the speech for noise, or heard none: the turn gets no answer           |
 * | slow-down    | sound goes up in bigger, fewer frames from now on                                     |
 * | back-off     | the answer that was refused is asked for once more, a little later                    |
 * | keep         | logged; the session goes on, and if it is closed next, this is why                    |
 * | end          | the session is over                                                                   |
 */
type Outcome = 'swallow' | 'retry-create' | 'create-later' | 'no-turn' | 'slow-down' | 'back-off' | 'keep' | 'end'

export interface Verdict {
  readonly outcome: Outcome
  /** What a session that ends on it, or cannot be opened because of it, ends with. */
  readonly code: ErrorCode
}

/** One line of a dialect's table of errors. */
export interface ErrorRow extends Verdict {
  /** Tried on the message, then on the code, which is often empty; of a close, on its reason. */
  readonly pattern: RegExp
}

function rowOf(rows: readonly ErrorRow[], text: string): Verdict | undefined {
  return rows.find(({ pattern }) => pattern.test(text))
}

/** By the first row whose pattern is met; else `invalid_request_error` keeps the connection and `server_error` ends it. */
export function judgeError(rows: readonly ErrorRow[], error: WireError): Verdict {
  const row = rowOf(rows, error.message) ?? rowOf(rows, error.code)
  if (row !== undefined) return row
  if (error.type === 'server_error') return { outcome: 'end', code: 'provider-lost' }
  if (error.type === 'invalid_request_error') return { outcome: 'keep', code: 'provider-config' }
  return { outcome: 'keep', code: 'provider-protocol' }
}

/** The provider's words, fit for a log: one line, bounded, without anything that looks like a key. */
export function cleanText(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.replace(/\b(sk|bearer)[-\s][\w.*-]{4,}/gi, '[key]').slice(0, 300)
}

/** Why a frame of the kind `error` ends a session, or keeps it from being opened. */
export function errorOf(error: WireError, verdict: Verdict): CallError {
  const text = cleanText([error.type, error.code, error.message].filter((part) => part !== '').join(': '))
  return new CallError(verdict.code, `the model said: ${text === '' ? 'error without a text' : text}`)
}

/** Close codes that mean more than "the line broke"; the text decides, these are for when there is none. */
const closeCodes: ReadonlyMap<number, ErrorCode> = new Map([
  [1002, 'provider-protocol'],
  [1003, 'provider-protocol'],
  [1008, 'provider-refused'],
  [1009, 'provider-protocol'],
])

/**
 * Why a socket closed by itself: by its reason, else by the error frame just before it, else by its code.
 * @param recent the last error frame, if it came shortly before. `ws` reports a close reason of more than 123 bytes as
 *   a socket error and 1006, so then this is all there is.
 */
export function closeError(
  rows: readonly ErrorRow[],
  code: number,
  reason: string,
  recent: CallError | undefined,
  cause?: Error,
): CallError {
  const said = reason === '' ? '' : `: ${cleanText(reason)}`
  const text = `the model closed the session (${code}${said})`
  const row = rowOf(rows, reason)
  if (row === undefined && recent !== undefined) return new CallError(recent.code, recent.message, { cause: recent })
  const known = row?.outcome === 'swallow' ? undefined : row?.code
  return new CallError(known ?? closeCodes.get(code) ?? 'provider-lost', text, cause === undefined ? {} : { cause })
}

/** Why the server did not let us in: its answer to the upgrade was not 101. The body is not read. */
export function upgradeError(status: number): CallError {
  const text = `the model's server answered the upgrade with HTTP ${status}`
  if (status === 401 || status === 403) return new CallError('provider-refused', text)
  if (status === 429) return new CallError('provider-busy', text)
  if (status === 408) return new CallError('provider-timeout', text)
  if (status >= 500) return new CallError('provider-lost', text)
  return new CallError('provider-config', text)
}

/** Why there is no socket at all: name, route, TLS, or nobody answered in time. */
export function socketError(cause: Error): CallError {
  if (/handshake has timed out/i.test(cause.message) || errnoOf(cause) === 'ETIMEDOUT') {
    return new CallError('provider-timeout', "the model's server did not answer the upgrade in time", { cause })
  }
  const errno = errnoOf(cause)
  const what = errno === '' ? cleanText(cause.message) : errno
  return new CallError('provider-lost', `the socket to the model failed: ${what}`, { cause })
}

function errnoOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
