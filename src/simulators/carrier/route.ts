import { signedStreamUrl } from './signature.ts'

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * Where to connect for a URL: to `connectTo` when the URL belongs to the same host as the webhook, as if a tunnel or a
 * proxy stood in front of the server; else where it says.
 */
export function makeRoute(webhookUrl: string, connectTo: string | undefined): (url: string) => string {
  const publicHost = new URL(webhookUrl).host
  return (url) => {
    const asked = new URL(url)
    if (connectTo === undefined || asked.host !== publicHost) return asked.href
    const target = new URL(connectTo)
    const socket = asked.protocol === 'wss:' || asked.protocol === 'ws:'
    const secure = target.protocol === 'https:'
    const scheme = socket ? (secure ? 'wss:' : 'ws:') : target.protocol
    return `${scheme}//${target.host}${asked.pathname}${asked.search}`
  }
}

/** Where a `<Stream>` connects, or Twilio's code for why it cannot. */
export type StreamTarget = { readonly url: string; readonly host: string } | { readonly code: number }

/**
 * The address of a `<Stream url>`: absolute, or relative to its document; without query string and fragment, and only
 * wss, but for ws to this very machine (or anywhere with `allowInsecure`).
 */
export function streamTarget(url: string, documentUrl: string, allowInsecure: boolean): StreamTarget {
  const base = documentUrl.replace(/^http/, 'ws')
  if (!URL.canParse(url, base)) return { code: 31923 }
  const { protocol, hostname, host } = new URL(url, base)
  const plain = protocol === 'ws:' && (allowInsecure || LOOPBACK.has(hostname))
  if (protocol !== 'wss:' && !plain) return { code: 31922 }
  const absolute = /^wss?:\/\//i.test(url) ? url : new URL(url, base).href
  return { url: signedStreamUrl(absolute, false), host }
}
