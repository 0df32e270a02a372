import { once } from 'node:events'
import { type RawData, WebSocket } from 'ws'
import type { LegRequest } from '../../fakes/fake-leg.ts'

export const STREAM = 'MZ00000000000000000000000000000001'
export const CALL = 'CA00000000000000000000000000000001'

interface StartFields {
  readonly callSid?: string
  readonly mediaFormat?: unknown
  readonly streamSid?: string
}

/** A phone on the raw media socket: it sends what a test writes, and reads what comes. */
export class Phone {
  readonly socket: WebSocket
  readonly received: string[] = []
  /** Rejects with the HTTP status when the upgrade is refused. */
  readonly opened: Promise<void>
  /** The close code, when it comes. */
  readonly closed: Promise<number>
  #sequence = 1
  #timestampMs = 155

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: RawData) => this.received.push(String(data)))
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.once('close', (code: number) => resolve(code)))
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`HTTP ${response.statusCode}`))
        response.resume()
        socket.terminate()
      })
    })
    this.opened.catch(() => {})
  }

  raw(text: string | Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text)
  }

  send(frame: Readonly<Record<string, unknown>>): void {
    this.raw(JSON.stringify(frame))
  }

  start(token: string | undefined, fields: StartFields = {}): void {
    const { callSid = CALL, streamSid = STREAM } = fields
    const { mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 } } = fields
    const customParameters = token === undefined ? {} : { token }
    const start = { accountSid: 'AC1', streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters }
    this.send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    this.send({ event: 'start', sequenceNumber: this.#next(), start, streamSid })
  }

  /** A media frame; without a timestamp it follows the one before. */
  say(audio: Uint8Array, timestampMs = this.#timestampMs, streamSid = STREAM): void {
    this.#timestampMs = timestampMs + audio.byteLength / 8
    const payload = Buffer.from(audio).toString('base64')
    const media = { track: 'inbound', chunk: '1', timestamp: `${timestampMs}`, payload }
    this.send({ event: 'media', sequenceNumber: this.#next(), media, streamSid })
  }

  press(digit: string): void {
    this.send({
      ...{ event: 'dtmf', streamSid: STREAM, sequenceNumber: this.#next() },
      dtmf: { track: 'inbound_track', digit },
    })
  }

  echo(name: string): void {
    this.send({ event: 'mark', sequenceNumber: this.#next(), streamSid: STREAM, mark: { name } })
  }

  stop(callSid = CALL): void {
    this.send({
      ...{ event: 'stop', sequenceNumber: this.#next(), streamSid: STREAM },
      stop: { accountSid: 'AC1', callSid },
    })
  }

  requests(): LegRequest[] {
    return this.received.map((text): LegRequest => {
      const frame = JSON.parse(text)
      if (frame.event === 'media') return { type: 'media', audio: Buffer.from(frame.media.payload, 'base64') }
      return frame.event === 'mark' ? { type: 'mark', name: frame.mark.name } : { type: 'clear' }
    })
  }

  /** A ping's answer comes when all frames before it were read, and behind all that were sent. */
  async settle(): Promise<void> {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.ping()
      await Promise.race([once(this.socket, 'pong'), this.closed])
    }
    if (this.socket.readyState !== WebSocket.OPEN) await this.closed
  }

  #next(): string {
    return `${this.#sequence++}`
  }
}
