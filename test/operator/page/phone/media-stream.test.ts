import { describe, expect, it } from 'vitest'
import type { BadLine, Fate } from '../../../../src/operator/page/phone/bad-line.ts'
import {
  type HandsetListener,
  MediaStream,
  type StreamEnd,
  type Wire,
} from '../../../../src/operator/page/phone/media-stream.ts'
import { readServerMessage } from '../../../../src/operator/page/phone/wire.ts'

const STREAM = `MZ${'0'.repeat(31)}1`
const frame = (fill: number) => new Uint8Array(160).fill(fill)
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** A socket of which a test is the other end. */
class FakeWire implements Wire {
  readyState = 1
  bufferedAmount = 0
  readonly sent: string[] = []
  closedWith: number | undefined
  readonly #listeners = new Map<string, ((event: { readonly data?: unknown }) => void)[]>()

  send(text: string): void {
    this.sent.push(text)
  }

  close(code?: number): void {
    this.closedWith = code
    this.tell('close')
  }

  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener])
  }

  tell(type: 'open' | 'message' | 'close', data?: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data })
  }

  get messages() {
    return this.sent.map((text) => JSON.parse(text))
  }
}

function openStream(changes: { fate?: () => Fate; distort?: BadLine['distort']; muted?: () => boolean } = {}) {
  const wire = new FakeWire()
  const asked: unknown[][] = []
  let listener: HandsetListener | undefined
  let opened = 0
  const stream = new MediaStream({
    identity: { accountSid: 'AC1', callSid: 'CA1', streamSid: STREAM, parameters: { token: 't' } },
    wire,
    handset: {
      play: (audio) => void asked.push(['play', [...audio]]),
      mark: (name) => void asked.push(['mark', name]),
      clear: () => void asked.push(['clear']),
      listen: (next) => {
        listener = next
      },
    },
    line: () => ({ distort: changes.distort ?? ((said) => said), fate: changes.fate ?? (() => 'send') }),
    muted: changes.muted ?? (() => false),
    random: () => 0.5,
    opened: () => opened++,
  })
  const say = (message: unknown) =>
    wire.tell('message', typeof message === 'string' ? message : JSON.stringify(message))
  return {
    ...{ asked, say, stream, wire },
    get listener() {
      return listener
    },
    get opened() {
      return opened
    },
  }
}

describe("the phone's media stream", () => {
  it('says to the letter what Twilio says', async () => {
    const line = openStream()
    expect(line.wire.sent).toEqual([])
    line.wire.tell('open')
    line.listener?.frame(frame(1))
    line.stream.press('5')
    line.listener?.frame(frame(0xff))
    line.listener?.mark('m1')
    line.stream.hangUp()
    const media = (n: number, fill: number, chunk: string, timestamp: string) => ({
      event: 'media',
      sequenceNumber: `${n}`,
      media: { track: 'inbound', chunk, timestamp, payload: base64(frame(fill)) },
      streamSid: STREAM,
    })
    expect(line.wire.messages).toEqual([
      { event: 'connected', protocol: 'Call', version: '1.0.0' },
      {
        event: 'start',
        sequenceNumber: '1',
        start: {
          ...{ accountSid: 'AC1', streamSid: STREAM, callSid: 'CA1', tracks: ['inbound'] },
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: { token: 't' },
        },
        streamSid: STREAM,
      },
      media(2, 1, '1', '135'),
      { event: 'dtmf', sequenceNumber: '3', dtmf: { track: 'inbound_track', digit: '5' }, streamSid: STREAM },
      media(4, 0xff, '2', '155'),
      { event: 'mark', sequenceNumber: '5', mark: { name: 'm1' }, streamSid: STREAM },
      { event: 'stop', sequenceNumber: '6', stop: { accountSid: 'AC1', callSid: 'CA1' }, streamSid: STREAM },
    ])
    expect(line.wire.closedWith).toBe(1000)
    expect(await line.stream.ended).toBe('hung-up' satisfies StreamEnd)
  })

  it('does what the server says, of any length, and nothing that is not meant for it', () => {
    const line = openStream()
    line.wire.tell('open')
    line.say({ event: 'media', streamSid: STREAM, media: { payload: base64(Uint8Array.of(1, 2, 3)) } })
    line.say({ event: 'mark', streamSid: STREAM, mark: { name: 'm1' } })
    line.say({ event: 'clear', streamSid: STREAM })
    line.say({ event: 'clear', streamSid: 'MZ2' })
    line.say({ event: 'media', streamSid: STREAM, media: { payload: '!' } })
    line.say({ event: 'media', streamSid: STREAM, media: { payload: 'A' } })
    line.say({ event: 'mark', streamSid: STREAM, mark: {} })
    line.say({ event: 'hangup', streamSid: STREAM })
    line.say('{')
    line.say('null')
    line.wire.tell('message', new ArrayBuffer(3))
    expect(line.asked).toEqual([['play', [1, 2, 3]], ['mark', 'm1'], ['clear']])
    expect(readServerMessage(undefined, STREAM)).toBeUndefined()
  })

  it('says silence while it is muted', () => {
    let muted = true
    const line = openStream({ muted: () => muted })
    line.wire.tell('open')
    line.listener?.frame(frame(1))
    muted = false
    line.listener?.frame(frame(1))
    expect(line.wire.messages.slice(2).map(({ media }) => media.payload)).toEqual([
      base64(frame(0xff)),
      base64(frame(1)),
    ])
  })

  it('numbers what a bad line loses, and sends what it held back in one go, in order', () => {
    const fates: Fate[] = ['send', 'lose', 'hold', 'hold', 'send']
    const line = openStream({ fate: () => fates.shift() ?? 'send', distort: (said) => said.map((byte) => byte + 1) })
    line.wire.tell('open')
    for (const n of [1, 2, 3]) line.listener?.frame(frame(n))
    const before = line.wire.sent.length
    line.stream.press('9')
    line.listener?.frame(frame(4))
    expect(line.wire.sent).toHaveLength(before)
    line.listener?.frame(frame(5))
    const rest = line.wire.messages.slice(2)
    expect(
      rest.map(({ event, sequenceNumber, media }) => [event, sequenceNumber, media?.chunk, media?.timestamp]),
    ).toEqual([
      ['media', '2', '1', '135'],
      ['media', '4', '3', '175'],
      ['dtmf', '5', undefined, undefined],
      ['media', '6', '4', '195'],
      ['media', '7', '5', '215'],
    ])
    expect(rest[0].media.payload).toBe(base64(frame(2)))
  })

  it('drops what a slow network does not take, and its time goes by', () => {
    const line = openStream()
    line.wire.tell('open')
    line.wire.bufferedAmount = 100_000
    line.listener?.frame(frame(1))
    line.wire.bufferedAmount = 0
    line.listener?.frame(frame(2))
    expect(line.wire.messages.slice(2).map(({ media }) => [media.chunk, media.timestamp])).toEqual([['1', '155']])
  })

  it('is silent at once when the server closes it, and knows when it never opened', async () => {
    const line = openStream()
    line.wire.tell('open')
    expect([line.opened, line.stream.isOpen]).toEqual([1, true])
    // It is closing, and the page is not told yet.
    line.wire.readyState = 2
    const before = line.wire.sent.length
    line.listener?.frame(frame(1))
    expect(line.wire.sent).toHaveLength(before)
    line.wire.tell('close')
    expect(await line.stream.ended).toBe('closed')
    expect(line.asked).toEqual([['clear']])
    expect(line.listener).toBeUndefined()
    expect(line.stream.press('1')).toBe(false)
    const refused = openStream()
    refused.wire.tell('close')
    expect(await refused.stream.ended).toBe('refused')
    expect(refused.opened).toBe(0)
    const early = openStream()
    early.stream.hangUp()
    expect(await early.stream.ended).toBe('hung-up')
    expect(early.wire.sent).toEqual([])
  })
})
