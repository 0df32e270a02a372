import express, { type CookieOptions, type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { type Access, type AccessOptions, SESSION_COOKIE } from './access.ts'
import type { SessionInfo } from './api.ts'
import type { Audit } from './audit.ts'
import { BROWSER_COOKIE, BROWSER_MS, KnownBrowsers } from './known-browsers.ts'
import { answerProblem } from './problem.ts'
import { readFields } from './queries.ts'
import { SESSION_MS } from './sessions.ts'
import { signInLimit } from './sign-in-limit.ts'

export interface SessionRoutesOptions {
  readonly access: Access
  readonly secureCookie: AccessOptions['secureCookie']
  readonly audit: Audit
  readonly log: Logger
  /** [ms since 1970] */
  readonly now: () => number
  readonly clock: Clock
}

const fields = { password: [z.string().min(1).max(500), 'the password'] } as const

/**
 * Signing in and out.
 *
 * ```
 *   GET /session ─▶ who is signed in, and how one does
 *   POST /session { password } ─▶ the cookies     401: the wrong one      429: too many wrong ones
 *   DELETE /session ─▶ 204, and everything that is open by it ends
 * ```
 */
export function sessionRoutes(options: SessionRoutesOptions): Router {
  const { access, audit, log, now } = options
  const browsers = new KnownBrowsers()
  const cookie: CookieOptions = { httpOnly: true, sameSite: 'strict', secure: options.secureCookie, path: '/' }
  const router = Router()
  router.get('/session', (request, response) => {
    const entry = access.enter(request)
    if ('operator' in entry) response.json(infoOf(access, entry.operator.name))
    // Who can do something about it is told how; to the others there is nothing to sign in with.
    else if (access.signIn === 'none') answerProblem(response, entry.status, entry.error)
    else response.json(infoOf(access, undefined))
  })
  const signIn = (request: Request, response: Response) => {
    const { password } = readFields(fields, request.body)
    if (access.signIn !== 'password') {
      answerProblem(response, 403, 'Nobody signs in here with a password.')
      return
    }
    const id = access.unlock(password)
    if (id === undefined) {
      log.warn({ address: request.ip }, 'an operator gave a wrong password')
      answerProblem(response, 401, 'That is not the password.')
      return
    }
    access.leave(request)
    audit({ name: 'operator' }, 'sign-in', {})
    response.cookie(SESSION_COOKIE, id, { ...cookie, expires: new Date(now() + SESSION_MS) })
    if (browsers.find(request) === undefined) {
      const known = { ...cookie, path: '/api/session', expires: new Date(now() + BROWSER_MS) }
      response.cookie(BROWSER_COOKIE, browsers.issue(), known)
    }
    response.json(infoOf(access, 'operator'))
  }
  router.post('/session', ...signInLimit({ ...options, browsers }), express.json({ limit: '4kb' }), signIn)
  router.delete('/session', (request, response) => {
    const entry = access.enter(request)
    if ('operator' in entry) audit(entry.operator, 'sign-out', {})
    access.leave(request)
    response.clearCookie(SESSION_COOKIE, cookie)
    response.status(204).end()
  })
  return router
}

function infoOf({ signIn }: Access, operator: string | undefined): SessionInfo {
  return { signIn, ...(operator === undefined ? {} : { operator }) }
}
