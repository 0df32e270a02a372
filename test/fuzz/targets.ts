import { isDeepStrictEqual } from 'node:util'
import { readWav } from '../../src/audio/wav.ts'
import { makeMediaReader } from '../../src/carriers/twilio/media-reader.ts'
import { readFrame, type StreamFrame } from '../../src/carriers/twilio/messages.ts'
import { makeDoorman } from '../../src/carriers/twilio/signature.ts'
import { readAudioDelta } from '../../src/providers/realtime/audio-delta.ts'
import { readServerEvent, type ServerEvent } from '../../src/providers/realtime/events.ts'
import { damageBytes } from './bytes.ts'
import { readCorpus, readTexts } from './corpus.ts'
import { makeFrameMaker } from './frames.ts'
import type { Input, Target } from './target.ts'

/** The streams of the corpus. */
const STREAM = 'MZ0123456789abcdef0123456789abcdef'
const mediaReader = makeMediaReader(STREAM)

const textOf = (input: Input) => (typeof input === 'string' ? input : Buffer.from(input).toString('utf8'))

/** Frames of the carrier: never thrown at, and the reader of media frames agrees with the reader of all. */
const carrierFrames: Target = {
  name: 'twilio',
  corpus: readTexts('twilio'),
  make: makeFrameMaker(readTexts('twilio')),
  check(input) {
    // A socket brings UTF-8: what is none has been refused by then.
    const bytes = Buffer.from(textOf(input), 'utf8')
    const text = bytes.toString('utf8')
    const slow = readFrame(text)
    const media = mediaReader(bytes)
    const fast = media === undefined ? undefined : { event: 'media', streamSid: STREAM, ...media }
    if (fast !== undefined && !isDeepStrictEqual(fast, slow)) return 'fast and slow differ'
    return strangeFrame(slow, text.length)
  },
  kindOf: (input) =>
    mediaReader(Buffer.from(textOf(input))) ? 'fast media' : safely(() => readFrame(textOf(input)).event),
}

/** What of a frame no other code may have to deal with. */
function strangeFrame(frame: StreamFrame, length: number): string | undefined {
  switch (frame.event) {
    case 'media': {
      const { audio, timestampMs } = frame
      if (audio.byteLength > length) return 'sound longer than its frame'
      return timestampMs === undefined || (Number.isSafeInteger(timestampMs) && timestampMs >= 0)
        ? undefined
        : 'a timestamp that is none'
    }
    case 'start': {
      const texts = [frame.streamSid, frame.callSid, frame.formatText, frame.token ?? '']
      if (!texts.every((text) => typeof text === 'string')) return 'a start that is not made of texts'
      return frame.formatText.length > 60 ? 'a format too long for a log' : undefined
    }
    case 'dtmf':
      return /^[0-9A-D*#]$/.test(frame.digit) ? undefined : 'a digit that is none'
    case 'mark':
      return typeof frame.name === 'string' ? undefined : 'a mark without a name'
    default:
      return undefined
  }
}

/** Frames of the models: never thrown at, and a leading space, which leads past the fast reader, changes nothing. */
const modelFrames: Target = {
  name: 'realtime',
  corpus: readTexts('realtime'),
  make: makeFrameMaker(readTexts('realtime')),
  check(input) {
    const text = textOf(input)
    const event = readServerEvent(text)
    if (typeof event.type !== 'string') return 'an event without a type'
    const slow = readServerEvent(` ${text}`)
    if (isRawControl(event, slow)) return undefined
    if (!isDeepStrictEqual(plain(event), plain(slow))) return 'fast and slow differ'
    return strangeValue(event, text.length)
  },
  kindOf: (input) => (readAudioDelta(textOf(input)) ? 'fast audio' : readServerEvent(textOf(input)).type),
}

/**
 * The one difference there may be: control characters in the midst of the sound are no JSON, and the fast reader takes
 * them, because to look at each character would cost as much as JSON.parse. What decodes the sound passes over them.
 */
function isRawControl(fast: ServerEvent, slow: ServerEvent): boolean {
  return fast.type === 'audio' && slow.type === 'ignored' && [...fast.base64].some((char) => char < ' ')
}

/** Without what is handed on as it came, and may be too deep to compare. */
function plain(event: ServerEvent): object {
  return event.type === 'session-updated' ? { type: event.type } : event
}

/** Numbers are finite, and texts no longer than what they came in. */
function strangeValue(value: object, length: number): string | undefined {
  for (const field of Object.values(value)) {
    if (typeof field === 'number' && !Number.isFinite(field)) return 'a number that is none'
    // What was absent may be said in words of ours.
    if (typeof field === 'string' && field.length > Math.max(length, 80)) return 'a text longer than its frame'
  }
  return undefined
}

/** Files that an operator gives: a RangeError in our words, or sound no longer than the file. */
const files: Target = {
  name: 'wav',
  corpus: readCorpus('wav'),
  make(random) {
    let bytes: Uint8Array = random.pick(files.corpus as [Buffer, ...Buffer[]])
    for (let times = random.below(5); times > 0; times--) {
      bytes = damageBytes(bytes, random, random.pick(files.corpus as [Buffer, ...Buffer[]]))
    }
    return bytes
  },
  check(input) {
    const bytes = Buffer.from(input as Uint8Array)
    try {
      const { sampleRate, channels } = readWav(bytes)
      const samples = channels.reduce((sum, { length }) => sum + length, 0)
      if (samples > bytes.length) return 'more sound than file'
      if (channels.length < 1 || channels.length > 64) return 'more channels than any file has'
      if (channels.some(({ length }) => length !== channels[0]?.length)) return 'channels of different lengths'
      return Number.isInteger(sampleRate) && sampleRate > 0 ? undefined : 'a sample rate that is none'
    } catch (error) {
      if (error instanceof RangeError && /^(not a WAV|WAV: expected)/.test(error.message)) return undefined
      throw error
    }
  },
  kindOf: (input) =>
    safely(() => (readWav(Buffer.from(input as Uint8Array)).channels.length > 0 ? 'sound' : '')) || 'no sound',
}

function safely(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

const doorman = makeDoorman({ http: 'https://voice.example.com', ws: 'wss://voice.example.com' }, [
  'a-token-that-nobody-has',
])

/** What asks to be let in: never thrown at, and nobody without the token is. */
const strangers: Target = {
  name: 'strangers',
  corpus: [
    '/twilio/voice',
    '/twilio/media/7',
    '/twilio/next?stream=1',
    '//',
    'https://voice.example.com:443/a?b#c',
    '*',
  ],
  make: (random) => {
    const paths = strangers.corpus as [string, ...string[]]
    return [random.pick(paths), Buffer.from(`${random.next()}`).toString('base64'), random.pick(paths)]
      .map((text) => (random.oneIn(3) ? damageName(text, random.next()) : text))
      .join('\u0001')
  },
  check(input) {
    const [url = '', signature = '', name = ''] = textOf(input).split('\u0001')
    const headers = { 'x-twilio-signature': signature, host: name, 'x-forwarded-host': url }
    const form = { [name]: signature, CallSid: [url, name], ['__proto__']: url }
    if (doorman.admitsForm({ url, headers, form, remoteAddress: '127.0.0.1' })) return 'a form was let in'
    return doorman.admitsUpgrade({ url, headers, remoteAddress: '127.0.0.1' }) ? 'a socket was let in' : undefined
  },
}

function damageName(text: string, bits: number): string {
  const at = bits % (text.length + 1)
  return `${text.slice(0, at)}${String.fromCharCode(bits >>> 16)}${text.slice(at)}`
}

/** Every reader of what others send, with its share of the inputs. */
export const targets: readonly (readonly [Target, share: number])[] = [
  [carrierFrames, 0.4],
  [modelFrames, 0.36],
  [files, 0.2],
  [strangers, 0.04],
]
