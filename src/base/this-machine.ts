import type { Visitor } from './http.ts'

/**
 * Whether a request is from this machine itself. A tunnel connects from 127.0.0.1 too, so the address alone proves
 * nothing: whatever was forwarded is refused, also what came for another host name, and what a page in this machine's
 * browser sends.
 */
export function isFromThisMachine({ headers, remoteAddress }: Visitor): boolean {
  const host = headers['host']
  return (
    isLoopbackAddress(remoteAddress) &&
    typeof host === 'string' &&
    isLoopbackHost(host) &&
    !Object.keys(headers).some((name) => /^(x-forwarded-.*|x-real-ip|cf-.*|forwarded|via|origin)$/.test(name))
  )
}

/** Whether a `Host` (with or without its port) names this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host)
}

/** Whether a socket's remote address is this machine itself. */
function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(address)
}
