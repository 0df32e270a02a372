import type { IncomingMessage } from 'node:http'
import type { RequestHandler, Response } from 'express'
import type { Access } from './access.ts'
import { answerProblem } from './problem.ts'
import { isDeliberate, isFromForeignPage, isFromOurPage } from './same-origin.ts'
import type { Operator } from './sessions.ts'

const SAFE: readonly string[] = ['GET', 'HEAD']
const FOREIGN = 'This was not sent by our own page: its Origin is none, or another one.'
const CARELESS = 'content-type: expected application/json, or a header x-offhook'

/**
 * Lets through what no page of another site can have sent: of requests that change something only those of our own page,
 * with JSON or our header, which a form of another site cannot send without being asked for it first.
 */
export function ownPagesOnly({ publicOrigin }: Access): RequestHandler {
  return ({ method, headers }, response, next) => {
    const isSafe = SAFE.includes(method)
    const isForeign = isSafe ? isFromForeignPage(headers, publicOrigin) : !isFromOurPage(headers, publicOrigin)
    if (isForeign) answerProblem(response, 403, FOREIGN)
    else if (!isSafe && !isDeliberate(headers)) answerProblem(response, 403, CARELESS)
    else next()
  }
}

/** Lets operators through; `operatorOf` tells then who it is. */
export function operatorsOnly(access: Access): RequestHandler {
  return (request, response, next) => {
    const entry = access.enter(request)
    if ('operator' in entry) {
      response.locals[KEY] = entry.operator
      next()
    } else answerProblem(response, entry.status, entry.error)
  }
}

const KEY = 'operator'

/** Who asked, behind `operatorsOnly`. */
export function operatorOf({ locals }: Response): Operator {
  return locals[KEY] as Operator
}

/** The same for an upgrade, which browsers let every site send: who asked, or how it is refused. */
export function operatorAt(access: Access, request: IncomingMessage): Operator | 401 | 403 {
  if (!isFromOurPage(request.headers, access.publicOrigin)) return 403
  const entry = access.enter(request)
  return 'operator' in entry ? entry.operator : entry.status
}
