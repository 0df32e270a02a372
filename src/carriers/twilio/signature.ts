import type { IncomingHttpHeaders } from 'node:http'
import twilio from 'twilio'
import type { FormRequest } from '../../base/http.ts'
import { isFromThisMachine } from '../../base/this-machine.ts'
import type { PublicAddress } from './address.ts'

/** What is looked at before a socket is upgraded. */
interface KnockingRequest {
  /** Path and query exactly as requested. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string | undefined
}

/** Who may come in. */
interface Doorman {
  admitsForm(request: FormRequest): boolean
  admitsUpgrade(request: KnockingRequest): boolean
}

/**
 * Lets in what is signed by one of the auth tokens (two during a key rotation) for the address we configured; a
 * forwarded header never takes part. Without a token it lets in this machine itself and nobody else.
 *
 * ```
 *   form      https://pub.example.com + path and query + sorted parameters
 *   upgrade   wss://pub.example.com/twilio/media   with what is behind it; or with a trailing slash; never a query:
 *             Twilio sends none
 * ```
 * Voice over HTTPS is signed without its port, over HTTP with it, and of the handshake nobody says; so both forms are
 * taken of each. What stands in the address is compared as it was configured, and nothing that a request says of itself.
 */
export function makeDoorman(address: PublicAddress, authTokens: readonly string[]): Doorman {
  if (authTokens.length === 0) return { admitsForm: isFromThisMachine, admitsUpgrade: isFromThisMachine }
  const isSigned = (headers: FormRequest['headers'], url: string, form: FormRequest['form']) =>
    authTokens.some((token) => validates(token, headers['x-twilio-signature'], url, form))
  return {
    admitsForm: ({ url, headers, form }) => url.startsWith('/') && isSigned(headers, address.http + url, form),
    admitsUpgrade({ url, headers }) {
      if (!url.startsWith('/') || url.includes('?')) return false
      const path = url.replace(/\/+$/, '')
      return [address.ws, withPort(address.ws)].some((origin) =>
        [path, `${path}/`].some((signed) => isSigned(headers, origin + signed, {})),
      )
    },
  }
}

/** The package tries without the port, and to what has none it adds 443 for `https:` only. */
function withPort(ws: string): string {
  return ws.replace(/^(wss:\/\/[^/:]+)(?=\/|$)/i, '$1:443')
}

function validates(
  token: string,
  signature: string | string[] | undefined,
  url: string,
  form: FormRequest['form'],
): boolean {
  if (typeof signature !== 'string' || signature === '') return false
  try {
    return twilio.validateRequest(token, signature, url, form)
  } catch {
    return false // It throws on what is no URL.
  }
}
