import { createHash, timingSafeEqual } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { familyOf, type ModelFamily } from './family.ts'

/** The one path that is served. */
export const PATH = '/api-ws/v1/realtime'

/** An HTTP answer in place of a WebSocket; the body is the service's `{code, message}`. */
export interface UpgradeRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** No mind is free. */
export const busy: UpgradeRefusal = {
  status: 429,
  code: 'Throttling.RateQuota',
  message: 'Requests rate limit exceeded',
}

/** No mind could be made. */
export const internalError: UpgradeRefusal = {
  status: 500,
  code: 'InternalError',
  message: 'An internal error has occurred.',
}

/** Who is let in. */
export interface Door {
  readonly apiKey: string
  readonly models?: Readonly<Record<string, ModelFamily>>
  readonly unknownModel?: ModelFamily
}

/** Reads path, key and model of an upgrade, in this order. */
export function admit(
  request: IncomingMessage,
  door: Door,
): { readonly model: string; readonly family: ModelFamily } | { readonly refusal: UpgradeRefusal } {
  const url = URL.parse(request.url ?? '', 'ws://localhost')
  if (url?.pathname !== PATH) return { refusal: { status: 404, code: 'NotFound', message: 'No such path.' } }
  if (!isKey(request.headers.authorization, door.apiKey)) {
    return { refusal: { status: 401, code: 'InvalidApiKey', message: 'Invalid API-key provided.' } }
  }
  const model = url.searchParams.get('model') ?? ''
  const named = door.models !== undefined && Object.hasOwn(door.models, model) ? door.models[model] : undefined
  const family = named ?? familyOf(model) ?? (model === '' ? undefined : door.unknownModel)
  if (family === undefined) return { refusal: { status: 400, code: 'ModelNotFound', message: 'Model not exist.' } }
  return { model, family }
}

/** Answers an upgrade with an HTTP status and ends the socket. */
export function refuseUpgrade(socket: Duplex, { status, code, message }: UpgradeRefusal): void {
  const body = JSON.stringify({ code, message })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Compares digests, so neither the time nor the length tells anything of the key. */
function isKey(authorization: string | undefined, key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${key}`))
}
