import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { cookieIn } from './cookies.ts'

/** The cookie by which a browser shows that somebody has signed in with it before. */
export const BROWSER_COOKIE = 'offhook_browser'
/** How long it is known [ms]: half a year. */
export const BROWSER_MS = 180 * 24 * 3_600_000

/**
 * Browsers in which somebody has signed in since the server was started. They are let in no sooner than others, but need
 * not wait behind who guesses. Nothing is kept of them: what they show is signed, with a key that this process has made.
 */
export class KnownBrowsers {
  readonly #key = randomBytes(32)

  /** What a browser shows from now on. */
  issue(): string {
    const id = randomBytes(16).toString('base64url')
    return `${id}.${this.#sign(id).toString('base64url')}`
  }

  /** The name of the browser that a request comes from; `undefined`: it is not known. */
  find(request: IncomingMessage): string | undefined {
    const [id = '', mac = ''] = cookieIn(request, BROWSER_COOKIE)?.split('.') ?? []
    const expected = this.#sign(id)
    const given = Buffer.from(mac, 'base64url')
    return given.length === expected.length && timingSafeEqual(given, expected) ? id : undefined
  }

  #sign(id: string): Buffer {
    return createHmac('sha256', this.#key).update(id).digest()
  }
}
