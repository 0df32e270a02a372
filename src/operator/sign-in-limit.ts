import type { Request, RequestHandler, Response } from 'express'
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Access } from './access.ts'
import type { KnownBrowsers } from './known-browsers.ts'
import { answerProblem } from './problem.ts'

export interface SignInLimitOptions {
  /** [ms since 1970] */
  readonly now: () => number
  readonly clock: Clock
  readonly access: Pick<Access, 'isProxy'>
  readonly browsers: KnownBrowsers
  readonly log: Logger
}

/** Wrong passwords of one address, or of one browser that is known, in five minutes. */
const PER_ADDRESS = { limit: 10, windowMs: 5 * 60_000 }
/** Of all addresses together, in a minute; more are slowed down. */
const OVERALL = { limit: 60, windowMs: 60_000 }
/** How long who comes then is kept waiting [ms]. */
const DELAY_MS = 2000
/** How many wait at a time, in all and of one address: ten guesses a second find no password of ten characters. */
const MAX_WAITING = 20
const MAX_WAITING_OF_ONE = 2
/** Addresses that are remembered at a time; of more, the one that began to try first is forgotten. */
const MAX_ADDRESSES = 10_000
/** How often it is said that a proxy is not named [ms]. */
const HINT_MS = 3_600_000

/**
 * Keeps guesses at the password slow, and lets the right one in all the same.
 *
 * ```
 *   a browser that is known ── 10 wrong ones of its own in 5 min ─▶ 429
 *   others ── 10 wrong ones of their address in 5 min ─▶ 429
 *          └─ 60 wrong ones of all in a minute ─▶ answered 2 s later, 20 at a time
 * ```
 * So nobody shuts out those who know it by guessing, from however many addresses.
 */
export function signInLimit({ now, clock, access, browsers, log }: SignInLimitOptions): readonly RequestHandler[] {
  const common = {
    skipSuccessfulRequests: true,
    legacyHeaders: false,
    standardHeaders: false,
    validate: false,
  } as const
  // Of IPv6 a whole /56 counts as one: it is what one household has.
  const keyOf = (request: Request) => ipKeyGenerator((request.ip ?? '').slice(0, 64))
  const ofOne = rateLimit({
    ...{ ...common, ...PER_ADDRESS, store: makeTally(PER_ADDRESS.windowMs, now) },
    keyGenerator(request) {
      const browser = browsers.find(request)
      return browser === undefined ? keyOf(request) : `browser ${browser}`
    },
    handler(_request, response) {
      response.setHeader('Retry-After', PER_ADDRESS.windowMs / 1000)
      answerProblem(response, 429, 'Too many wrong passwords. Wait a few minutes before the next try.')
    },
  })
  const wait = makeWaitingRoom(clock)
  const ofAll = rateLimit({
    ...{ ...common, ...OVERALL, store: makeTally(OVERALL.windowMs, now) },
    skip: (request) => browsers.find(request) !== undefined,
    keyGenerator: () => 'all',
    handler: (request, response, next) => wait(keyOf(request), response, next),
  })
  return [makeProxyHint(access, now, log), ofOne, ofAll]
}

/** Where those wait who come while others guess; who finds it full is turned away. */
function makeWaitingRoom(clock: Clock): (key: string, response: Response, next: () => void) => void {
  const waiting = new Map<string, number>()
  let all = 0
  return (key, response, next) => {
    const ofOne = waiting.get(key) ?? 0
    if (all >= MAX_WAITING || ofOne >= MAX_WAITING_OF_ONE) {
      response.setHeader('Retry-After', DELAY_MS / 1000)
      answerProblem(response, 429, 'Many wrong passwords are being tried now. Try again in a moment.')
      return
    }
    const left = new AbortController()
    const leave = () => {
      if (left.signal.aborted) return
      left.abort()
      all--
      const others = (waiting.get(key) ?? 1) - 1
      if (others === 0) waiting.delete(key)
      else waiting.set(key, others)
    }
    all++
    waiting.set(key, ofOne + 1)
    response.once('close', leave)
    clock.after(
      DELAY_MS,
      () => {
        leave()
        next()
      },
      left.signal,
    )
  }
}

/** Behind a proxy that is not named all have one address: ten wrong passwords of anybody shut all of them out. */
function makeProxyHint(access: Pick<Access, 'isProxy'>, now: () => number, log: Logger): RequestHandler {
  let saidAt = Number.NEGATIVE_INFINITY
  return ({ headers, socket: { remoteAddress: address } }, _response, next) => {
    if (headers['x-forwarded-for'] !== undefined && !access.isProxy(address) && now() - saidAt >= HINT_MS) {
      saidAt = now()
      log.warn(
        { address },
        'sign-ins come through a proxy that OPERATOR_PROXIES does not name: all of them count as one',
      )
    }
    next()
  }
}

/** Counts by key, in windows of time. */
function makeTally(windowMs: number, now: () => number): Store {
  const tallies = new Map<string, { count: number; readonly untilAt: number }>()
  const current = (key: string) => {
    const known = tallies.get(key)
    if (known !== undefined && known.untilAt > now()) return known
    tallies.delete(key)
    const [oldest] = tallies.keys()
    if (oldest !== undefined && tallies.size >= MAX_ADDRESSES) tallies.delete(oldest)
    const fresh = { count: 0, untilAt: now() + windowMs }
    tallies.set(key, fresh)
    return fresh
  }
  return {
    localKeys: true,
    increment(key) {
      const tally = current(key)
      tally.count++
      // When it ends is ours to know: by another clock than ours it would be in the past.
      return { totalHits: tally.count, resetTime: undefined }
    },
    decrement(key) {
      const tally = current(key)
      tally.count = Math.max(0, tally.count - 1)
    },
    resetKey: (key) => {
      tallies.delete(key)
    },
  }
}
