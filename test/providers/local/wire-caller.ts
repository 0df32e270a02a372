import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** A server event, with when it came [ms]. */
export interface Received {
  readonly type: string
  readonly receivedMs: number
  readonly [field: string]: unknown
}

/**
 * A caller at the bare wire of a realtime model: sends sound as a telephone does, 20 ms each 20 ms, silence when
 * nobody speaks, and keeps every event.
 *
 * ```
 *   speak(a) ─▶ a a a a . . . . speak(b) ─▶ b b b …      events ─▶ until('response.done')
 * ```
 */
export class WireCaller implements AsyncDisposable {
  readonly events: Received[] = []
  readonly #socket: WebSocket
  readonly #startMs = performance.now()
  readonly #toSay: Uint8Array[] = []
  #sentFrames = 0
  #spoken: (() => void) | undefined
  readonly #timer: NodeJS.Timeout

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      const event = JSON.parse(data.toString('utf8')) as Omit<Received, 'receivedMs'> & { type: string }
      this.events.push({ ...event, receivedMs: performance.now() })
    })
    this.#timer = setInterval(() => this.#sendDue(), 10)
  }

  /**
   * Opens a session and configures it; `session` goes into `session.update`.
   * @throws Error with the HTTP status when the upgrade is refused.
   */
  static async call(agent: { url: string; apiKey: string; model: string }, session: object = {}): Promise<WireCaller> {
    const socket = new WebSocket(`${agent.url}?model=${agent.model}`, {
      headers: { authorization: `Bearer ${agent.apiKey}` },
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      reject(new Error(`HTTP ${response.statusCode}`))
      socket.terminate()
    })
    const caller = new WireCaller(socket)
    try {
      await promise
      caller.send({ type: 'session.update', session })
      await caller.until('session.updated')
    } catch (error) {
      await caller[Symbol.asyncDispose]()
      throw error
    }
    socket.on('error', () => {})
    return caller
  }

  send(event: object): void {
    this.#socket.send(JSON.stringify(event))
  }

  /** Says PCM16 at 16 kHz; resolves with the time [ms] at which its last frame was sent. */
  async speak(audio: Uint8Array): Promise<number> {
    for (let at = 0; at < audio.length; at += 640) {
      const frame = new Uint8Array(640)
      frame.set(audio.subarray(at, at + 640))
      this.#toSay.push(frame)
    }
    await new Promise<void>((resolve) => {
      this.#spoken = resolve
    })
    return performance.now()
  }

  /** The next event of that type after `from` (an index of `events`). @throws when it does not come in time. */
  async until(type: string, from = 0, withinMs = 8000): Promise<Received> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const found = this.events.find((event, i) => i >= from && event.type === type)
      if (found !== undefined) return found
      if (performance.now() > deadline) {
        throw new Error(`no ${type} in ${withinMs} ms, but: ${this.events.slice(from).map((event) => event.type)}`)
      }
      await sleep(2)
    }
  }

  /** True once the server has closed the socket. */
  get closed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#socket.terminate()
  }

  #sendDue(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    const due = Math.floor((performance.now() - this.#startMs) / 20)
    for (; this.#sentFrames < due; this.#sentFrames++) {
      const frame = this.#toSay.shift()
      this.send({ type: 'input_audio_buffer.append', audio: Buffer.from(frame ?? quiet()).toString('base64') })
      if (frame !== undefined && this.#toSay.length === 0) this.#spoken?.()
    }
  }
}

/** A telephone line is never quite still: noise of -66 dBFS. */
function quiet(): Uint8Array {
  return new Uint8Array(Int16Array.from({ length: 320 }, () => Math.round((Math.random() - 0.5) * 56)).buffer)
}
