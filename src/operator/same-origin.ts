import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a page of ours sent it. What the browser says itself, `Sec-Fetch-Site`, comes first. It is not sent with upgrades
 * (Chromium), nor to plain http:// addresses but this machine's: then `Origin` is compared with where we are.
 * @param publicOrigin where we are besides `Host`, which a proxy may change.
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isFromOurPage(headers: IncomingHttpHeaders, publicOrigin: string | undefined): boolean {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  if (origin === undefined) return false
  return origin === publicOrigin || (host !== undefined && URL.parse(origin)?.host === host.toLowerCase())
}

/** Whether a page of somebody else's sent it. What no page sent is not: a tool, an address that was typed. */
export function isFromForeignPage(headers: IncomingHttpHeaders, publicOrigin: string | undefined): boolean {
  const site = headers['sec-fetch-site']
  return headers.origin === undefined && (site === undefined || site === 'none')
    ? false
    : !isFromOurPage(headers, publicOrigin)
}

/** Whether it carries what no form and no link of another site can send: JSON, or our own header. */
export function isDeliberate(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === 'application/json' || headers['x-offhook'] !== undefined
}
