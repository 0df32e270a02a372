import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** A request as the tiny server saw it. */
export interface Seen {
  readonly path: string
  readonly request: IncomingMessage
  readonly body: string
  readonly form: Readonly<Record<string, string>>
}

type Handler = (seen: Seen, response: ServerResponse) => void

/** One media socket at the server: what came, and a way to wait for more. */
export class ServerSocket {
  readonly socket: WebSocket
  readonly request: IncomingMessage
  readonly messages: Record<string, unknown>[] = []
  readonly raw: string[] = []
  readonly closed: Promise<number>
  #wake: () => void = () => undefined

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket
    this.request = request
    socket.on('error', () => undefined)
    socket.on('message', (data) => {
      this.raw.push(String(data))
      this.messages.push(JSON.parse(String(data)))
      this.#wake()
    })
    this.closed = once(socket, 'close').then(([code]) => code)
  }

  /** Resolves when `enough` holds of the messages so far. */
  async until(enough: (messages: Record<string, unknown>[]) => boolean): Promise<void> {
    while (!enough(this.messages)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  of(event: string): Record<string, unknown>[] {
    return this.messages.filter((message) => message['event'] === event)
  }

  get streamSid(): string {
    return String(this.of('start')[0]?.['streamSid'])
  }

  play(...audio: Uint8Array[]): void {
    for (const piece of audio) this.send({ event: 'media', media: { payload: Buffer.from(piece).toString('base64') } })
  }

  mark(name: string): void {
    this.send({ event: 'mark', mark: { name } })
  }

  clear(): void {
    this.send({ event: 'clear' })
  }

  send(message: Record<string, unknown>): void {
    this.socket.send(JSON.stringify({ streamSid: this.streamSid, ...message }))
  }
}

/** A server that knows nothing of telephony: it answers paths as it is told and collects sockets. */
export class TinyServer implements AsyncDisposable {
  readonly seen: Seen[] = []
  readonly #handlers = new Map<string, Handler>()
  readonly #http = createServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #open: ServerSocket[] = []
  #waiting: ((socket: ServerSocket) => void)[] = []
  /** Answers an upgrade instead of taking it. */
  refuse: string | undefined

  static async listen(): Promise<TinyServer> {
    const server = new TinyServer()
    server.#http.on('upgrade', (request, socket, head) => {
      if (server.refuse !== undefined) {
        socket.end(server.refuse)
        return
      }
      server.#sockets.handleUpgrade(request, socket, head, (opened) => {
        const made = new ServerSocket(opened, request)
        const waiting = server.#waiting.shift()
        if (waiting === undefined) server.#open.push(made)
        else waiting(made)
      })
    })
    server.#http.listen(0, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get mediaUrl(): string {
    return `${this.url.replace('http', 'ws')}/media`
  }

  on(path: string, handler: Handler): this {
    this.#handlers.set(path, handler)
    return this
  }

  /** Answers `path` with this TwiML inside of `<Response>`. */
  twiml(path: string, inside: string | (() => string)): this {
    return this.on(path, (_, response) => {
      const body = `<?xml version="1.0" encoding="UTF-8"?><Response>${typeof inside === 'string' ? inside : inside()}</Response>`
      response.writeHead(200, { 'content-type': 'text/xml' }).end(body)
    })
  }

  /** Answers the voice URL with a stream and what follows it. */
  stream(attributes = '', inside = '', after = ''): this {
    return this.twiml(
      '/voice',
      () => `<Connect${attributes}><Stream url="${this.mediaUrl}">${inside}</Stream></Connect>${after}`,
    )
  }

  /** The next media socket that nobody took yet. */
  socket(): Promise<ServerSocket> {
    const made = this.#open.shift()
    return made === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(made)
  }

  forms(path: string): Readonly<Record<string, string>>[] {
    return this.seen.filter((seen) => seen.path === path).map((seen) => seen.form)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('utf8')
    const path = new URL(request.url ?? '', 'http://h').pathname
    const seen = { path, request, body, form: Object.fromEntries(new URLSearchParams(body)) }
    this.seen.push(seen)
    const handler = this.#handlers.get(path)
    if (handler === undefined) response.writeHead(404).end()
    else handler(seen, response)
  }
}
