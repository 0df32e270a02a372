/** What a server may send on a media stream. */
export type ServerMessage =
  | { readonly type: 'media'; readonly audio: Uint8Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' }

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

type JsonObject = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasExactly(value: unknown, ...keys: readonly string[]): value is JsonObject {
  if (!isObject(value)) return false
  const own = Object.keys(value)
  return own.length === keys.length && keys.every((key) => Object.hasOwn(value, key))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Reads a text frame of the server as strictly as the documentation puts it: a field too few, too many, or of another
 * type, and the message does not count.
 * @returns the message, or in words what is wrong with it (warning 31951).
 */
export function readServerMessage(text: string, streamSid: string): ServerMessage | string {
  const message = parse(text)
  if (!isObject(message)) return 'not a JSON object'
  if (message['streamSid'] !== streamSid) return 'wrong streamSid'
  switch (message['event']) {
    case 'media': {
      if (!hasExactly(message, 'event', 'streamSid', 'media')) return 'media: a field too few or too many'
      const { media } = message
      if (!hasExactly(media, 'payload')) return 'media.media: only payload'
      const { payload } = media
      if (typeof payload !== 'string' || !BASE64.test(payload)) return 'media.payload is not base64'
      return { type: 'media', audio: Buffer.from(payload, 'base64') }
    }
    case 'mark': {
      if (!hasExactly(message, 'event', 'streamSid', 'mark')) return 'mark: a field too few or too many'
      const { mark } = message
      if (!hasExactly(mark, 'name') || typeof mark['name'] !== 'string') return 'mark.mark: only name'
      return { type: 'mark', name: mark['name'] }
    }
    case 'clear':
      return hasExactly(message, 'event', 'streamSid') ? { type: 'clear' } : 'clear: a field too many'
    default:
      return 'unknown event'
  }
}

/** Who and what a stream is. */
export interface StreamIdentity {
  readonly accountSid: string
  readonly callSid: string
  readonly streamSid: string
  readonly parameters: Readonly<Record<string, string>>
}

export const CONNECTED = JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' })

/**
 * Writes what the carrier sends on one stream. All counters are strings; `sequenceNumber` counts every message after
 * `connected`, `chunk` only the media.
 */
export class StreamWriter {
  readonly #identity: StreamIdentity
  #sequence = 0
  #chunk = 0
  #timestampMs: number

  /** @param firstTimestampMs the timestamp of the first frame; not 0 on real streams: 102, 155 and 171 were seen. */
  constructor(identity: StreamIdentity, firstTimestampMs: number) {
    this.#identity = identity
    this.#timestampMs = firstTimestampMs
  }

  #message(event: string, body: Readonly<Record<string, unknown>>): string {
    this.#sequence += 1
    const { streamSid } = this.#identity
    return JSON.stringify({ event, sequenceNumber: String(this.#sequence), ...body, streamSid })
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

  /** One frame of the caller's sound. Time goes on by 20 ms. */
  media(frame: Uint8Array): string {
    this.#chunk += 1
    const payload = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('base64')
    const media = { track: 'inbound', chunk: String(this.#chunk), timestamp: String(this.#timestampMs), payload }
    this.skipTime()
    return this.#message('media', { media })
  }

  /** 20 ms go by in which nothing is sent. */
  skipTime(): void {
    this.#timestampMs += 20
  }

  /** A frame is numbered and goes missing. */
  loseFrame(): void {
    this.#sequence += 1
    this.#chunk += 1
    this.skipTime()
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
}
