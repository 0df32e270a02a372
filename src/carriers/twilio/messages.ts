import type { AudioFormat } from '../../audio/format.ts'

// Whatever comes on a media socket, and the rule for it. Nothing of it ends the process or reaches another call.
//
// | what comes                                                     | counted as     | and then                          |
// |----------------------------------------------------------------|----------------|-----------------------------------|
// | a message over 64 KiB, text that is not UTF-8, no WebSocket    |                | the socket is closed by ws: 1009, |
// | frame at all                                                   |                | 1007, 1002; the caller comes back |
// | a binary message                                               | binary         | ignored                           |
// | no JSON object with an `event`: bad, deep, empty               | garbage        | ignored                           |
// | an event that no page describes; media of another track        | unknown        | ignored                           |
// | media whose payload is no base64; a digit, mark or id that is  | garbage        | ignored                           |
// | none                                                           |                |                                   |
// | counters that are absurd: sequenceNumber, chunk                |                | not looked at                     |
// | a timestamp that is absurd: negative, huge, no number          |                | the frame follows the one before; |
// |                                                                |                | of a jump 10 s become silence     |
// | media, dtmf, mark, stop of another streamSid                   | foreign        | ignored                           |
// | `start` again, of the same stream                              | repeatedStarts | ignored                           |
// | `start` again, of another stream or another call               | foreign        | ignored                           |
// | `stop` again, anything behind `stop`                           |                | not looked at                     |
// | anything before `start`                                        | early          | ignored; `start` must come in 5 s |
// | `start` whose token is not good                                |                | the socket is closed with 1008    |
// | nothing for 750 ms                                             | fedMs          | silence is fed, in real time      |
// | nothing for 10 s                                               |                | the socket is closed, half-open   |
// | more than we can send: 1 MiB waits (small frames: 2 MiB)       | unsent(Ms)     | what is played is dropped         |

/** `start`: who the stream belongs to and how its sound is coded. */
export interface StartFrame {
  readonly event: 'start'
  readonly streamSid: string
  readonly callSid: string
  /** `undefined`: a coding that we do not know; `formatText` says which. */
  readonly format: AudioFormat | undefined
  readonly formatText: string
  readonly token: string | undefined
}

/** What Twilio sends on the media socket, read. (Media Streams, "Messages from Twilio".) */
export type StreamFrame =
  | StartFrame
  | { readonly event: 'connected' }
  | {
      readonly event: 'media'
      readonly streamSid: string
      readonly audio: Uint8Array
      /** Presentation time from the stream's start [ms]. */
      readonly timestampMs: number | undefined
    }
  | { readonly event: 'dtmf'; readonly streamSid: string; readonly digit: string }
  | { readonly event: 'mark'; readonly streamSid: string; readonly name: string }
  | { readonly event: 'stop'; readonly streamSid: string }
  /** Well-formed, but an event that no page describes, or media of a track that is not the caller's. */
  | { readonly event: 'unknown' }
  | { readonly event: 'garbage' }

/** Theirs are MZ and 32 hex digits; marks come back as we named them. It goes into each frame that we send. */
const STREAM_SID = /^[\w-]{1,64}$/
const MAX_MARK_CHARACTERS = 256

type Json = Readonly<Record<string, unknown>>

const garbage: StreamFrame = { event: 'garbage' }
const unknown: StreamFrame = { event: 'unknown' }

/** Reads one text frame; never throws. Counters come as strings, `sampleRate` and `channels` as numbers. */
export function readFrame(text: string): StreamFrame {
  const frame = objectOf(parse(text))
  const event = frame['event']
  if (typeof event !== 'string') return garbage
  if (event === 'connected') return { event }
  const streamSid = frame['streamSid']
  if (event === 'start') return readStart(streamSid, objectOf(frame['start']))
  if (!['media', 'dtmf', 'mark', 'stop'].includes(event)) return unknown
  if (typeof streamSid !== 'string') return garbage
  if (event === 'media') return readMedia(streamSid, objectOf(frame['media']))
  if (event === 'dtmf') {
    const { digit } = objectOf(frame['dtmf'])
    return typeof digit === 'string' && /^[0-9A-D*#]$/.test(digit) ? { event, streamSid, digit } : garbage
  }
  if (event === 'mark') {
    const { name } = objectOf(frame['mark'])
    return typeof name === 'string' && name.length <= MAX_MARK_CHARACTERS ? { event, streamSid, name } : garbage
  }
  return { event: 'stop', streamSid }
}

function readMedia(streamSid: string, media: Json): StreamFrame {
  const { track, payload, timestamp } = media
  if (track !== undefined && track !== 'inbound') return unknown
  if (typeof payload !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(payload)) return garbage
  const timestampMs = typeof timestamp === 'string' && /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : undefined
  return { event: 'media', streamSid, audio: Buffer.from(payload, 'base64'), timestampMs }
}

function readStart(outerSid: unknown, start: Json): StreamFrame {
  const streamSid = outerSid ?? start['streamSid']
  const callSid = start['callSid']
  if (typeof streamSid !== 'string' || !STREAM_SID.test(streamSid) || typeof callSid !== 'string') return garbage
  const { encoding, sampleRate, channels } = objectOf(start['mediaFormat'])
  const token = objectOf(start['customParameters'])['token']
  return {
    event: 'start',
    streamSid,
    callSid,
    format: formatOf(encoding, sampleRate, channels),
    formatText: [encoding, sampleRate, channels].map(shown).join('/').slice(0, 60),
    token: typeof token === 'string' ? token : undefined,
  }
}

function formatOf(encoding: unknown, sampleRate: unknown, channels: unknown): AudioFormat | undefined {
  if (shown(sampleRate) !== '8000' || shown(channels) !== '1') return undefined
  if (encoding === 'audio/x-mulaw') return { encoding: 'mulaw', sampleRate: 8000 }
  if (encoding === 'audio/x-alaw') return { encoding: 'alaw', sampleRate: 8000 }
  return undefined
}

/** A number as text or not. Of an object only its kind: one without `toString`, or ten thousand arrays deep, would throw. */
function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

/** What we send on one stream: text frames with these fields and no other, else Twilio warns with 31951. */
export interface StreamWriter {
  /** `audio` is raw, without a header, of any length. */
  media(audio: Uint8Array): string
  mark(name: string): string
  readonly clear: string
}

/** Writes frames by hand: a media frame is two strings around its base64, 50 times a second and call. */
export function makeStreamWriter(streamSid: string): StreamWriter {
  const sid = JSON.stringify(streamSid)
  const mediaHead = `{"event":"media","streamSid":${sid},"media":{"payload":"`
  const markHead = `{"event":"mark","streamSid":${sid},"mark":{"name":`
  return {
    media(audio) {
      const bytes = Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength)
      return `${mediaHead}${bytes.toString('base64')}"}}`
    },
    mark: (name) => `${markHead}${JSON.stringify(name)}}}`,
    clear: `{"event":"clear","streamSid":${sid}}`,
  }
}
