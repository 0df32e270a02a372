import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Who asks. */
export interface Visitor {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly remoteAddress: string | undefined
}

/** A form-encoded POST as it came, for a door that wants to check its signature. */
export interface FormRequest extends Visitor {
  /** Path and query exactly as requested. */
  readonly url: string
  readonly form: Readonly<Record<string, string | string[]>>
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
  handle(request: FormRequest): HttpReply | Promise<HttpReply>
}

/** A page that a room shows on the server's port, without a form and for GET only. */
export interface PageRoute {
  readonly path: string
  show(visitor: Visitor): HttpReply | Promise<HttpReply>
}

/** A whole part of the port that a room serves by itself, with whatever it needs for it. */
export interface Mount {
  /** Calls `next` for what is none of its own. */
  handle(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
}

/** A door for sockets. */
export interface UpgradeRoute {
  /** Leads there with a number behind it too, `/media/7`: for carriers that drop the query of a socket's URL. */
  readonly path: string
  /** Leads there with anything behind it: `/api/calls/…/audio`. */
  readonly below?: true
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** Answers an upgrade with an HTTP error and closes the socket. */
export function refuseUpgrade(socket: Duplex, status: 400 | 401 | 403 | 404 | 503): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}
