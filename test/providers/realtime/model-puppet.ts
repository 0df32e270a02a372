import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Frame, sessionCreated, sessionUpdated } from './frames.ts'

/** How a puppet greets. */
export interface PuppetOptions {
  /** Answers the upgrade with this instead of 101. */
  readonly refuse?: number
  /** Where it falls silent on the way to an open session. */
  readonly silentAt?: 'upgrade' | 'created' | 'updated'
  /** What it answers to `session.update`; default `session.updated`. */
  readonly onUpdate?: (client: PuppetClient, update: Frame) => void
}

/** One client of a puppet: what it was sent is what a test says, what it sends is kept. */
export class PuppetClient {
  readonly received: Frame[] = []
  readonly #socket: WebSocket
  readonly #line: Duplex
  readonly #gone = Promise.withResolvers<{ code: number; reason: string }>()
  #seen = 0
  #wake: (() => void) | undefined

  constructor(socket: WebSocket, line: Duplex, onFrame: (frame: Frame) => void) {
    this.#socket = socket
    this.#line = line
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame
      this.received.push(frame)
      onFrame(frame)
      this.#wake?.()
    })
    socket.on('close', (code, reason) => this.#gone.resolve({ code, reason: String(reason) }))
    socket.on('error', () => {})
  }

  /** How the client closed. */
  get gone(): Promise<{ code: number; reason: string }> {
    return this.#gone.promise
  }

  say(...frames: readonly (Frame | string | Uint8Array)[]): void {
    for (const frame of frames) {
      const raw = typeof frame === 'string' || frame instanceof Uint8Array
      this.#socket.send(raw ? frame : JSON.stringify(frame))
    }
  }

  /** The next frame of this type that the client sends, or has sent since the last call. */
  async next(type: string): Promise<Frame> {
    for (;;) {
      while (this.#seen < this.received.length) {
        const frame = this.received[this.#seen++]
        if (frame?.['type'] === type) return frame
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason)
  }

  /** A close frame that RFC 6455 forbids: its reason is longer than 123 bytes. */
  closeOverlong(code: number, reason: string): void {
    const text = Buffer.from(reason)
    const head = Buffer.from([0x88, 126, 0, 0, 0, 0])
    head.writeUInt16BE(text.length + 2, 2)
    head.writeUInt16BE(code, 4)
    this.#line.write(Buffer.concat([head, text]))
  }

  /** Breaks the TCP connection without a word. */
  reset(): void {
    this.#line.destroy()
  }

  /** The line stays up and nobody is there: nothing is read, no ping is answered. */
  freeze(): void {
    this.#line.pause()
  }
}

/** A raw WebSocket server on a free loopback port that says exactly what a test makes it say. */
export class ModelPuppet implements AsyncDisposable {
  readonly requests: IncomingMessage[] = []
  readonly #http = createServer()
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #options: PuppetOptions
  readonly #lines = new Set<Duplex>()
  #client: PuppetClient | undefined

  private constructor(options: PuppetOptions) {
    this.#options = options
    this.#http.on('connection', (line) => {
      this.#lines.add(line)
      line.on('close', () => this.#lines.delete(line))
    })
    this.#http.on('upgrade', (request, line, head) => this.#upgrade(request, line, head))
  }

  static async start(options: PuppetOptions = {}): Promise<ModelPuppet> {
    const puppet = new ModelPuppet(options)
    await new Promise<void>((resolve) => puppet.#http.listen(0, '127.0.0.1', resolve))
    return puppet
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/api-ws/v1/realtime`
  }

  /** TCP connections that are open now. */
  get lines(): number {
    return this.#lines.size
  }

  /** The one that came last. */
  get client(): PuppetClient {
    if (this.#client === undefined) throw new Error('no client has come yet')
    return this.#client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of this.#lines) line.destroy()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #upgrade(request: IncomingMessage, line: Duplex, head: Buffer): void {
    this.requests.push(request)
    line.on('error', () => {})
    const { refuse, silentAt, onUpdate = (client) => client.say(sessionUpdated()) } = this.#options
    if (silentAt === 'upgrade') {
      // Read on, or its end would never be seen; HTTP's lines stay half-open by themselves.
      line.on('end', () => line.end()).resume()
      return
    }
    if (refuse !== undefined) {
      line.end(`HTTP/1.1 ${refuse} No\r\nContent-Length: 16\r\nContent-Type: application/json\r\n\r\n{"code":"Sorry"}`)
      return
    }
    this.#sockets.handleUpgrade(request, line, head, (socket) => {
      const client = new PuppetClient(socket, line, (frame) => {
        if (frame['type'] === 'session.update' && silentAt !== 'updated') onUpdate(client, frame)
      })
      this.#client = client
      if (silentAt !== 'created') client.say(sessionCreated)
    })
  }
}
