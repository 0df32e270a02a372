import express, { type Response, Router } from 'express'
import type { FormRequest, HttpReply } from '../base/http.ts'
import { operatorOf } from './guard.ts'
import type { PhoneDoor } from './phone-door.ts'

/** The webhooks of the page's telephone. */
export function phoneRoutes(phone: PhoneDoor): Router {
  const router = Router()
  const form = express.urlencoded({ extended: false, limit: '64kb' })
  router.post('/phone/voice', form, async ({ body }, response) => {
    answer(response, await phone.voice(formOf(body, response)))
  })
  router.post('/phone/next', form, async ({ body, originalUrl }, response) => {
    answer(response, await phone.next(originalUrl, formOf(body, response)))
  })
  return router
}

/** A page that said itself who calls could have the agent text anybody, and use up another caller's limits. */
function formOf(body: unknown, response: Response): FormRequest['form'] {
  const name = operatorOf(response).name.replace(/[^\w.@+-]/g, '')
  return { ...((body ?? {}) as FormRequest['form']), From: `client:${name.slice(0, 60) || 'operator'}` }
}

function answer(response: Response, { status, type, body }: HttpReply): void {
  response.status(status)
  if (type !== undefined) response.type(type)
  if (body === undefined) response.end()
  else response.send(body)
}
