/** What a server may send on a media stream. */
export type ServerMessage =
  | { readonly type: 'media'; readonly audio: Uint8Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' }

/** Who and what a stream is. */
export interface StreamIdentity {
  readonly accountSid: string
  readonly callSid: string
  readonly streamSid: string
  readonly parameters: Readonly<Record<string, string>>
}

/** 20 ms of the line. */
const FRAME_MS = 20
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** The first message on a socket. (Media Streams, `connected`.) */
export const CONNECTED = JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' })

/**
 * Writes what the carrier sends on one stream, as Twilio writes it: counters are strings, `sequenceNumber` counts every
 * message after `connected`, `chunk` only the media, and time goes on by 20 ms a frame whether it is sent or not.
 */
export class StreamWriter {
  readonly #identity: StreamIdentity
  #sequence = 0
  #chunk = 0
  #timestampMs: number

  /** @param firstTimestampMs of the first frame: 100 to 170 on real streams, never 0. */
  constructor(identity: StreamIdentity, firstTimestampMs: number) {
    this.#identity = identity
    this.#timestampMs = firstTimestampMs
  }

  start(): string {
    const { accountSid, callSid, streamSid, parameters } = this.#identity
    return this.#message('start', {
      start: {
        ...{ accountSid, streamSid, callSid, tracks: ['inbound'] },
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: parameters,
      },
    })
  }

  media(frame: Uint8Array): string {
    this.#chunk += 1
    const media = {
      ...{ track: 'inbound', chunk: `${this.#chunk}`, timestamp: `${this.#timestampMs}` },
      payload: btoa(String.fromCharCode(...frame)),
    }
    this.skip()
    return this.#message('media', { media })
  }

  /** 20 ms go by of which nothing is sent. */
  skip(): void {
    this.#timestampMs += FRAME_MS
  }

  /** A frame is numbered, and lost on its way. */
  lose(): void {
    this.#sequence += 1
    this.#chunk += 1
    this.skip()
  }

  dtmf(digit: string): string {
    return this.#message('dtmf', { dtmf: { track: 'inbound_track', digit } })
  }

  mark(name: string): string {
    return this.#message('mark', { mark: { name } })
  }

  stop(): string {
    const { accountSid, callSid } = this.#identity
    return this.#message('stop', { stop: { accountSid, callSid } })
  }

  #message(event: string, body: Readonly<Record<string, unknown>>): string {
    this.#sequence += 1
    return JSON.stringify({ event, sequenceNumber: `${this.#sequence}`, ...body, streamSid: this.#identity.streamSid })
  }
}

/** Reads a frame of the server; `undefined` for what is none of this stream (Twilio warns of it: 31951). */
export function readServerMessage(text: unknown, streamSid: string): ServerMessage | undefined {
  const message = typeof text === 'string' ? parse(text) : undefined
  if (!isObject(message) || message['streamSid'] !== streamSid) return undefined
  const { event, media, mark } = message
  if (event === 'clear') return { type: 'clear' }
  if (event === 'mark' && isObject(mark) && typeof mark['name'] === 'string')
    return { type: 'mark', name: mark['name'] }
  if (event !== 'media' || !isObject(media)) return undefined
  const audio = bytesOf(media['payload'])
  return audio === undefined ? undefined : { type: 'media', audio }
}

function bytesOf(base64: unknown): Uint8Array | undefined {
  if (typeof base64 !== 'string' || !BASE64.test(base64) || base64.replace(/=+$/, '').length % 4 === 1) return undefined
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
