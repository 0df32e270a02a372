import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { isFromThisMachine } from '../base/this-machine.ts'
import type { SessionInfo } from './api.ts'
import { cookieIn } from './cookies.ts'
import type { Operator, Sessions } from './sessions.ts'

/** Who may see the page. Without `password` and `userHeader`: this machine itself, and nobody when `behindProxy`. */
export interface AccessOptions {
  readonly password?: string
  /** In lower case: the header in which a proxy says who somebody is. */
  readonly userHeader?: string
  /** IP addresses of those proxies; only they are believed. */
  readonly proxies: readonly string[]
  /** Everybody may look as if they were on this machine: the public URL is elsewhere. */
  readonly behindProxy: boolean
  /** Where browsers reach the page, when a proxy may tell us another `Host`. */
  readonly publicUrl?: string
  /** The page is reached by https:// only. */
  readonly secureCookie: boolean
}

/** Somebody who comes, and who it is; or why nobody is let in. */
export type Entry = { readonly operator: Operator } | { readonly status: 401 | 403; readonly error: string }

/** The cookie that a session is shown by. */
export const SESSION_COOKIE = 'offhook_session'

const OPEN_IT = 'Set OPERATOR_PASSWORD, or OPERATOR_USER_HEADER behind a proxy that signs people in.'
const ELSEWHERE = `This page is for operators. It is open to this machine only, at its own address (http://127.0.0.1). ${OPEN_IT}`
const CLOSED = `This page is for operators, and closed: PUBLIC_URL is elsewhere, so nobody can be told from anybody. ${OPEN_IT}`

/**
 * Who comes in.
 *
 * ```
 *   OPERATOR_USER_HEADER ── from one of the proxies, with a name ──▶ that operator
 *   OPERATOR_PASSWORD ── cookie of a session ──▶ operator         else 401: sign in
 *   neither ── from this machine, by its own name ──▶ operator    else 403: there is no way in
 * ```
 */
export class Access {
  readonly signIn: SessionInfo['signIn']
  /** Of our own pages, besides what `Host` says. */
  readonly publicOrigin: string | undefined
  readonly #options: AccessOptions
  readonly #sessions: Sessions
  readonly #proxies = new BlockList()
  /** Aborts when the house closes; of those who have no session it is all that ends them. */
  readonly #closed: AbortSignal

  constructor(options: AccessOptions, sessions: Sessions, closed: AbortSignal) {
    const { password, userHeader, proxies, publicUrl } = options
    this.publicOrigin = publicUrl === undefined ? undefined : URL.parse(publicUrl)?.origin
    this.#options = options
    this.#sessions = sessions
    this.#closed = closed
    if (password !== undefined) this.signIn = 'password'
    else this.signIn = userHeader === undefined ? 'none' : 'proxy'
    for (const address of proxies) this.#proxies.addAddress(address, familyOf(address))
  }

  /** Who a request comes from. */
  enter(request: IncomingMessage): Entry {
    const named = this.#named(request)
    if (named !== undefined) {
      return { operator: { name: named, over: this.#closed, seat: `proxy ${named}`, byProxy: true } }
    }
    if (this.signIn === 'password') {
      const session = this.#sessions.find(cookieIn(request, SESSION_COOKIE) ?? '')
      return session === undefined ? { status: 401, error: 'Sign in first.' } : { operator: session }
    }
    if (this.signIn === 'proxy')
      return { status: 403, error: 'The proxy in front of this page says of nobody who it is.' }
    if (this.#isHere(request)) return { operator: { name: 'operator', over: this.#closed, seat: 'here' } }
    return { status: 403, error: this.#options.behindProxy ? CLOSED : ELSEWHERE }
  }

  /** Takes a password; `undefined`: it is not the one. */
  unlock(password: string): string | undefined {
    const { password: expected } = this.#options
    if (expected === undefined || !isSame(password, expected)) return undefined
    return this.#sessions.open('operator')
  }

  /** The session that a request shows is over. */
  leave(request: IncomingMessage): void {
    this.#sessions.end(cookieIn(request, SESSION_COOKIE) ?? '')
  }

  /** Whether an address is one of the proxies'. */
  isProxy(address: string | undefined): boolean {
    // Of an IPv4 address that is written as an IPv6 one the list knows that they are the same.
    const plain = address?.replace(/%.*$/, '') ?? ''
    return isIP(plain) !== 0 && this.#proxies.check(plain, familyOf(plain))
  }

  #named({ headersDistinct, socket }: IncomingMessage): string | undefined {
    const { userHeader } = this.#options
    if (userHeader === undefined || !this.isProxy(socket.remoteAddress)) return undefined
    const [value, ...others] = headersDistinct[userHeader] ?? []
    // Two of them: one may be the visitor's own, which the proxy has let through.
    if (value === undefined || others.length > 0) return undefined
    const name = Buffer.from(value, 'latin1').toString('utf8').trim()
    return /^[^\p{C}\uFFFD]{1,100}$/u.test(name) ? name : undefined
  }

  /** `Origin` has been compared with `Host` by now, and `Host` is looked at here: what a rebound name brings is refused. */
  #isHere({ headers: { origin: _ours, ...headers }, socket: { remoteAddress } }: IncomingMessage): boolean {
    return !this.#options.behindProxy && isFromThisMachine({ headers, remoteAddress })
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

/** Digests are of one length, so the time tells nothing of the password's either. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
