import { isLoopbackHost } from '../../base/this-machine.ts'

/** Where Twilio reaches us, as the operator configured it. Both forms are without a trailing slash. */
export interface PublicAddress {
  /** Webhooks are asked and signed under it. */
  readonly http: string
  /** The media socket's; `ws:` only when `http` is `http:` on loopback, where nothing but a simulator can be. */
  readonly ws: string
}

/**
 * Reads the public URL. A path in front of ours (a proxy that strips it) is kept; `:443` is dropped, because the
 * handshake of `wss://host:443` is signed without it and no variant that is tried would match.
 * @throws RangeError when it is not `https:` (or `http:` on loopback), or has a query or a fragment, which are not signed.
 */
export function readAddress(publicUrl: string): PublicAddress {
  const url = URL.parse(publicUrl)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new RangeError('the public URL must be an https:// address')
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.host)) {
    throw new RangeError('the public URL must be https:// unless it is on loopback')
  }
  if (/[?#@]/.test(publicUrl)) throw new RangeError('the public URL must have no user, query or fragment')
  // As it was written, not as `URL` prints it: Twilio signs what it was given, upper case and all.
  const http = publicUrl.replace(/\/+$/, '').replace(/^(https:\/\/[^/]+):443(?=\/|$)/i, '$1')
  return { http, ws: http.replace(/^http/i, 'ws') }
}
