import type { Logger } from '../../base/log.ts'
import { isWithheld } from './withheld.ts'

/** The account that sends and pays. */
export interface TwilioSmsOptions {
  readonly accountSid: string
  readonly authToken: string
  /** A number of the account (E.164) or a messaging service (`MG...`). */
  readonly from: string
  /** Absent: Twilio's. For tests, without a slash at its end. */
  readonly baseUrl?: string
  readonly log: Logger
}

/**
 * Sends text messages by Twilio's REST API (Messages resource; 201 when it is accepted, errors as JSON with a `code`).
 * One message is one request: the API knows no idempotency key, so nothing is repeated and no redirect followed.
 * The returned function throws an Error without number, words or token; the reason of `signal` when that aborts.
 */
export function makeTwilioSms({
  accountSid,
  authToken,
  from,
  baseUrl = 'https://api.twilio.com',
  log,
}: TwilioSmsOptions): (to: string, text: string, signal: AbortSignal) => Promise<void> {
  const url = `${baseUrl}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  const sender = from.startsWith('MG') ? 'MessagingServiceSid' : 'From'
  return async (to, text, signal) => {
    if (isWithheld(to)) throw new Error('Twilio: the number is withheld')
    const response = await post(
      url,
      { method: 'POST', redirect: 'manual', signal, headers: { authorization, accept: 'application/json' } },
      new URLSearchParams({ To: to, [sender]: from, Body: text }),
    )
    if (response.status === 201) return void (await response.body?.cancel())
    const code = await errorCode(response)
    log.warn({ status: response.status, code }, 'Twilio did not take a text message')
    throw new Error(`Twilio: status ${response.status}, code ${code ?? 'none'}`)
  }
}

/** `fetch`, whose errors name the host at most: the cause stays inside. */
async function post(url: string, init: RequestInit, body: URLSearchParams): Promise<Response> {
  try {
    return await fetch(url, { ...init, body })
  } catch {
    init.signal?.throwIfAborted()
    throw new Error('Twilio: cannot be reached')
  }
}

async function errorCode(response: Response): Promise<number | undefined> {
  try {
    const error: unknown = await response.json()
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
    return typeof code === 'number' ? code : undefined
  } catch {
    return undefined
  }
}
