import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** A form-encoded POST as it came, for a door that wants to check its signature. */
export interface FormRequest {
  /** Path and query exactly as requested. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly form: Readonly<Record<string, string | string[]>>
  readonly remoteAddress: string | undefined
}

export interface HttpReply {
  readonly status: number
  /** Absent: no body. */
  readonly type?: string
  readonly body?: string
}

/** A door that a room opens on the server's port. The server routes, the door decides. */
export interface FormRoute {
  readonly path: string
  handle(request: FormRequest): HttpReply
}

export interface UpgradeRoute {
  readonly path: string
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}
