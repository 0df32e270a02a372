import { randomUUID } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Clock } from '../../base/clock.ts'
import { sign, signedWebhookUrl } from './signature.ts'
import type { HttpMethod } from './twiml.ts'

const CONNECT_MS = 5_000
const CONNECT_TRIES = 2
const TOTAL_MS = 15_000

/** How long a webhook may take [ms]; each is Twilio's own by default. */
export interface WebhookLimits {
  /** Until it is connected, each of two tries. Default 5000. */
  readonly connectMs?: number
  /** Until its answer is there, both tries and all redirects included. Default 15,000. */
  readonly totalMs?: number
}

const MAX_REDIRECTS = 10
const MAX_BODY_BYTES = 64 * 1024

export type Form = Readonly<Record<string, string>>

export interface WebhookReply {
  readonly status: number
  /** Without its parameters, in lower case; `undefined` when the header is missing. */
  readonly contentType: string | undefined
  readonly body: string
  /** The URL that answered, after redirects. */
  readonly url: string
}

/** A request that brought no answer, by Twilio's code: 11205 connection, 11200 retrieval, 11215 redirects, 11750 size. */
export class WebhookError extends Error {
  readonly code: number

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WebhookError'
    this.code = code
  }
}

export interface WebhookClientOptions {
  readonly clock: Clock
  /** Without it requests are not signed. */
  readonly authToken: string | undefined
  /** Where to connect for a URL. The Host header stays the URL's own, as behind a proxy. */
  readonly route: (url: string) => string
  readonly limits?: WebhookLimits | undefined
}

/** One request, before the signature is put on it. */
interface Ask {
  readonly url: string
  readonly method: HttpMethod
  readonly form: Form
  readonly token: string
}

/**
 * Twilio's HTTP client, one per call: it signs, follows redirects, keeps cookies, and does not wait longer than 15 s.
 * Override fragments (`#rc=2`) are neither sent nor signed, and not obeyed.
 */
export class WebhookClient {
  readonly #options: WebhookClientOptions
  /** Cookies by host. */
  readonly #cookies = new Map<string, Map<string, string>>()

  constructor(options: WebhookClientOptions) {
    this.#options = options
  }

  /**
   * Asks, and reads the whole answer, whatever its status.
   * @throws WebhookError when there is none; the reason of `signal` when that aborts first.
   */
  async request(url: string, method: HttpMethod, form: Form, signal: AbortSignal): Promise<WebhookReply> {
    const total = new AbortController()
    const done = new AbortController()
    const { totalMs = TOTAL_MS } = this.#options.limits ?? {}
    this.#options.clock.after(totalMs, () => total.abort(), done.signal)
    const either = AbortSignal.any([signal, total.signal])
    try {
      return await this.#follow({ url, method, form, token: randomUUID() }, either)
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof WebhookError) throw cause
      if (total.signal.aborted) throw new WebhookError(11205, `no answer within ${totalMs} ms`, { cause })
      throw new WebhookError(11200, 'the answer could not be read', { cause })
    } finally {
      done.abort()
    }
  }

  async #follow(first: Ask, signal: AbortSignal): Promise<WebhookReply> {
    let ask = first
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await this.#connect(ask, signal)
      const status = response.statusCode ?? 0
      this.#keepCookies(ask.url, response)
      const { location } = response.headers
      if (status < 300 || status >= 400 || location === undefined) return await readReply(ask.url, response)
      response.resume()
      const url = new URL(location, ask.url).href
      // 307 and 308 repeat the POST; the others turn it into a GET of the new place.
      ask = status === 307 || status === 308 ? { ...ask, url } : { ...ask, url, method: 'GET', form: {} }
    }
    throw new WebhookError(11215, `more than ${MAX_REDIRECTS} redirects`)
  }

  async #connect(ask: Ask, signal: AbortSignal): Promise<IncomingMessage> {
    let failure: unknown
    for (let tries = 0; tries < CONNECT_TRIES; tries++) {
      signal.throwIfAborted()
      const sent = this.#send(ask, signal)
      try {
        return await sent.response
      } catch (cause) {
        // Only a connection that never stood is tried again: the server may have acted on the rest.
        if (sent.connected() || signal.aborted) throw cause
        failure = cause
      }
    }
    throw new WebhookError(11205, 'cannot connect', { cause: failure })
  }

  #send(ask: Ask, signal: AbortSignal): { response: Promise<IncomingMessage>; connected: () => boolean } {
    const { url, headers, body } = this.#compose(ask)
    const target = new URL(this.#options.route(url))
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const connected = new AbortController()
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(target, { method: ask.method, headers, agent: false, signal })
    const { connectMs = CONNECT_MS } = this.#options.limits ?? {}
    const late = () => request.destroy(new Error(`no connection within ${connectMs} ms`))
    this.#options.clock.after(connectMs, late, connected.signal)
    request.on('socket', (socket) => {
      socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', () => connected.abort())
    })
    request.on('response', resolve)
    request.on('error', reject)
    request.end(body)
    return { response: promise, connected: () => connected.signal.aborted }
  }

  #compose(ask: Ask): { url: string; headers: Record<string, string>; body: string } {
    const { authToken } = this.#options
    const fields = new URLSearchParams(ask.form).toString()
    const bare = ask.url.replace(/#.*$/s, '')
    const query = ask.method === 'GET' && fields !== '' ? `${bare.includes('?') ? '&' : '?'}${fields}` : ''
    const url = bare + query
    const body = ask.method === 'POST' ? fields : ''
    const { host } = new URL(url)
    const cookies = [...(this.#cookies.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
    const signature =
      authToken === undefined ? '' : sign(authToken, signedWebhookUrl(url), ask.method === 'POST' ? ask.form : {})
    const headers = {
      host,
      'user-agent': 'TwilioProxy/1.1',
      accept: '*/*',
      ...(ask.method === 'POST' && {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'content-length': String(Buffer.byteLength(body)),
      }),
      'x-home-region': 'us1',
      ...(signature !== '' && { 'x-twilio-signature': signature }),
      ...(cookies !== '' && { cookie: cookies }),
      'i-twilio-idempotency-token': ask.token,
    }
    return { url, headers, body }
  }

  #keepCookies(url: string, response: IncomingMessage): void {
    const { host } = new URL(url)
    const kept = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, kept)
    for (const line of response.headers['set-cookie'] ?? []) {
      const [pair = '', ...attributes] = line.split(';')
      const at = pair.indexOf('=')
      if (at <= 0) continue
      const name = pair.slice(0, at).trim()
      if (attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute))) kept.delete(name)
      else kept.set(name, pair.slice(at + 1).trim())
    }
  }
}

async function readReply(url: string, response: IncomingMessage): Promise<WebhookReply> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new WebhookError(11750, 'the answer is larger than 64 kB')
    chunks.push(chunk)
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type']?.split(';')[0]?.trim().toLowerCase(),
    body: Buffer.concat(chunks).toString('utf8'),
    url,
  }
}
