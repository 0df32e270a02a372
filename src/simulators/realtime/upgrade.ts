import { createHash, timingSafeEqual } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Entrance } from './dialect.ts'
import type { ModelFamily } from './family.ts'

/** An HTTP answer in place of a WebSocket; its body is the service's own. */
export interface UpgradeRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Who is let in. */
export interface Door {
  readonly entrance: Entrance
  readonly apiKey: string
  readonly models?: Readonly<Record<string, ModelFamily>>
  readonly unknownModel?: ModelFamily
}

/** Reads path, key and model of an upgrade, in this order. */
export function admit(
  request: IncomingMessage,
  door: Door,
): { readonly model: string; readonly family: ModelFamily } | { readonly refusal: UpgradeRefusal } {
  const { entrance, apiKey } = door
  const url = URL.parse(request.url ?? '', 'ws://localhost')
  if (url?.pathname !== entrance.path) return { refusal: entrance.noSuchPath }
  if (!isKey(entrance.keyOf(request.headers), apiKey)) return { refusal: entrance.refusalOf(401) }
  const model = url.searchParams.get('model') ?? ''
  const named = door.models !== undefined && Object.hasOwn(door.models, model) ? door.models[model] : undefined
  const family = named ?? entrance.familyOf(model) ?? (model === '' ? undefined : door.unknownModel)
  if (family === undefined) return { refusal: entrance.noSuchModel }
  return { model, family }
}

/** Answers an upgrade with an HTTP status and ends the socket. */
export function refuseUpgrade(socket: Duplex, entrance: Entrance, refusal: UpgradeRefusal): void {
  const { status } = refusal
  const body = JSON.stringify(entrance.bodyOf(refusal))
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
function isKey(given: string | undefined, key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(key))
}
