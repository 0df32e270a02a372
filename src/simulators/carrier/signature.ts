import { createHmac } from 'node:crypto'

/**
 * `X-Twilio-Signature` of a request: base64 of HMAC-SHA1 over the URL and every form parameter, sorted by name, name and
 * value without any delimiter. Give no parameters for a GET or an upgrade. ("Webhooks security")
 */
export function sign(authToken: string, url: string, form: Readonly<Record<string, string>> = {}): string {
  const names = Object.keys(form).sort()
  const data = url + names.map((name) => name + form[name]).join('')
  return createHmac('sha1', authToken).update(data, 'utf8').digest('base64')
}

/**
 * What of a webhook's URL is signed: never the fragment (connection overrides) nor `user:pass@`, and over https not the
 * port. Everything else stays exactly as it was configured. ("Security", "A few notes")
 */
export function signedWebhookUrl(url: string): string {
  const bare = url.replace(/#.*$/s, '').replace(/^([a-z]+:\/\/)[^/?]*@/i, '$1')
  return bare.replace(/^(https:\/\/[^/?:]+|https:\/\/\[[^\]]*\]):\d+/i, '$1')
}

/**
 * What of a `<Stream url>` is signed, and asked for: no query string, no fragment.
 * @param trailingSlash whether a slash is added: the documentation says that the signature may need one.
 */
export function signedStreamUrl(url: string, trailingSlash: boolean): string {
  const bare = url.replace(/[?#].*$/s, '')
  return trailingSlash && !bare.endsWith('/') ? `${bare}/` : bare
}
