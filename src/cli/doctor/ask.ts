import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

const MAX_BODY_BYTES = 256 * 1024

/** One request, made as it is written: no redirect is followed. */
export interface Asking {
  readonly method?: 'GET' | 'POST' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Origin where it really goes; the `Host` stays the URL's own. */
  readonly connectTo?: string | undefined
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Its beginning. */
  readonly body: string
}

/**
 * Asks, and reads what comes.
 * @throws Error of the system's: `reasonOf` says it in words.
 */
export function ask(url: string, { method = 'GET', headers, body, connectTo, signal }: Asking): Promise<Answer> {
  const wanted = new URL(url)
  const target = connectTo === undefined ? wanted : new URL(`${wanted.pathname}${wanted.search}`, connectTo)
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = send(target, { method, headers: { host: wanted.host, ...headers }, agent: false, signal })
  request.on('error', reject)
  request.on('response', (response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const done = () => {
      const text = Buffer.concat(chunks).toString('utf8')
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
    }
    response.on('error', reject)
    response.on('end', done)
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes <= MAX_BODY_BYTES) return
      done()
      request.destroy()
    })
  })
  request.end(body)
  return promise
}

/** Asks with a form, as webhooks are asked. */
export function askForm(url: string, form: Readonly<Record<string, string>>, asking: Asking): Promise<Answer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...asking.headers }
  return ask(url, { ...asking, method: 'POST', headers, body: new URLSearchParams(form).toString() })
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known to DNS',
  EAI_AGAIN: 'DNS does not answer',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody who is known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes without the ones between it and its authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** Why there was no answer, for a human. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'it does not answer in time'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return reasons[code] ?? (code === '' ? error.message : code)
}
