import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Phone, STREAM } from './phone.ts'
import { frame, listenTo, openRig, sounds } from './rig.ts'

const media = (fields: object) => ({ event: 'media', streamSid: STREAM, media: fields })
const repeat = (times: number, task: () => void) => Array.from({ length: times }, task)

describe('what is no frame of this stream', () => {
  it('is counted, and neither heard nor the end of the call', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.raw(Uint8Array.of(1, 2, 3))
    phone.raw('not json')
    phone.send({ event: 'media', streamSid: STREAM, media: { payload: '!' } })
    phone.send({ event: 'speech-marks', streamSid: STREAM })
    phone.say(frame(7), 155, 'MZ-of-another-call')
    phone.send({ event: 'stop', streamSid: 'MZ-of-another-call', stop: {} })
    phone.start('again')
    phone.start('again', { streamSid: 'MZ-of-another-call' })
    phone.start('again', { callSid: 'CA-another' })
    phone.say(frame(1), 175)
    phone.socket.close(1000)
    await rig.streamEnded()
    expect(events.map(({ type }) => type)).toEqual(['audio', 'closed'])
    const { fields } = rig.records.find(({ message }) => message === 'media stream ended') ?? expect.fail()
    expect(fields).toMatchObject({ binary: 1, garbage: 2, unknown: 1, foreign: 4, repeatedStarts: 1 })
  })

  it.each<[string, (phone: Phone) => void, Record<string, number>]>([
    ['deep JSON', (phone) => phone.raw('['.repeat(30_000)), { garbage: 1 }],
    ['deep JSON that is some', (phone) => phone.raw(`${'['.repeat(30_000)}${']'.repeat(30_000)}`), { garbage: 1 }],
    [
      'deep JSON in a field',
      (phone) =>
        phone.raw(`{"event":"mark","streamSid":"${STREAM}","mark":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`),
      { garbage: 1 },
    ],
    [
      'a name that is the key of every object',
      (phone) => phone.raw(`{"event":"__proto__","__proto__":{"event":"stop","streamSid":"${STREAM}"}}`),
      { unknown: 1 },
    ],
    ['base64 that is none', (phone) => phone.send(media({ payload: '%%%%' })), { garbage: 1 }],
    ['a payload that is no text', (phone) => phone.send(media({ payload: { length: 1e9 } })), { garbage: 1 }],
    [
      'a track that is not the caller’s',
      (phone) => phone.send(media({ track: 'outbound', payload: 'AAAA' })),
      { unknown: 1 },
    ],
    [
      'a digit that is none',
      (phone) => phone.send({ event: 'dtmf', streamSid: STREAM, dtmf: { digit: '11' } }),
      { garbage: 1 },
    ],
    [
      'a mark that is a novel',
      (phone) => phone.send({ event: 'mark', streamSid: STREAM, mark: { name: 'x'.repeat(50_000) } }),
      { garbage: 1 },
    ],
    ['numbers for text', (phone) => phone.send({ event: 5, streamSid: 5 }), { garbage: 1 }],
    ['a hundred binary frames', (phone) => repeat(100, () => phone.raw(new Uint8Array(1000))), { binary: 100 }],
    ['an empty frame', (phone) => phone.raw(''), { garbage: 1 }],
    ['a stream that is another’s', (phone) => phone.say(frame(9), 155, 'MZ2'), { foreign: 1 }],
  ])('is counted, and the call goes on: %s', async (_, send, counts) => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    send(phone)
    phone.press('5')
    await phone.settle()
    expect(events).toEqual([{ type: 'dtmf', digit: '5' }])
    phone.socket.close(1000)
    await rig.streamEnded()
    const { fields } = rig.records.find(({ message }) => message === 'media stream ended') ?? expect.fail()
    const none = { binary: 0, garbage: 0, unknown: 0, foreign: 0, repeatedStarts: 0 }
    expect(fields).toMatchObject({ ...none, ...counts })
  })

  it.each(['-5', '99999999999999999999', '1e300', 'NaN', 155, null, '999999999999'])(
    'in a counter costs no sound: a timestamp of %j',
    async (timestamp) => {
      await using rig = await openRig()
      const { phone, leg } = await rig.dial()
      const events = listenTo(leg)
      phone.say(frame(1), 155)
      const payload = Buffer.from(frame(2)).toString('base64')
      const counters = { sequenceNumber: '-1', media: { track: 'inbound', chunk: '1e99', timestamp, payload } }
      phone.send({ event: 'media', streamSid: STREAM, ...counters })
      await phone.settle()
      expect(sounds(events)[0]).toBe('155:1')
      expect(sounds(events).at(-1)).toMatch(/:2$/)
      expect(events.length).toBeLessThanOrEqual(502)
    },
  )

  it('of megabytes of base64 is sound like any other, and no more of it is kept than 5 s', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    for (let n = 0; n < 60; n++) phone.say(new Uint8Array(45_000), 155)
    await phone.settle()
    const kept = listenTo(leg).reduce((sum, event) => sum + (event.type === 'audio' ? event.audio.byteLength : 0), 0)
    expect(kept).toBe(40_000)
  })

  it('is logged at a falling rate', async () => {
    await using rig = await openRig()
    const { phone } = await rig.dial()
    for (let n = 0; n < 150; n++) phone.raw('{')
    await phone.settle()
    const counts = rig.records.filter(({ message }) => message.startsWith('unreadable')).map((r) => r.fields['count'])
    expect(counts).toEqual([1, 10, 100])
  })

  it('never ends the call, whatever the text', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    const shaped = fc.record(
      {
        event: fc.constantFrom('media', 'dtmf', 'mark', 'start', 'connected', 'x'),
        streamSid: fc.constantFrom<unknown>(STREAM, 'MZ2', 5),
        ...{ start: fc.jsonValue(), mark: fc.jsonValue(), dtmf: fc.jsonValue() },
        media: fc.record({ payload: fc.base64String(), timestamp: fc.oneof(fc.nat().map(String), fc.jsonValue()) }),
      },
      { requiredKeys: [] },
    )
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      shaped.map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 20 }), async (texts) => {
        for (const one of texts) phone.raw(one)
        await phone.settle()
        expect(leg.gone.aborted).toBe(false)
      }),
      { numRuns: 100 },
    )
    phone.press('5')
    await phone.settle()
    expect(events.at(-1)).toEqual({ type: 'dtmf', digit: '5' })
  })

  it.each([
    ['a frame over 64 KiB', 1009, (n: number) => 'x'.repeat(n)],
    ['a frame of exactly 64 KiB', undefined, (n: number) => 'x'.repeat(n - 1)],
  ])('%s closes the socket with %s', async (_, code, make) => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.raw(make(64 * 1024 + 1))
    if (code === undefined) {
      await phone.settle()
      expect(events).toEqual([])
      return
    }
    expect(await phone.closed).toBe(code)
    expect(events).toMatchObject([{ type: 'closed', by: 'error', error: { code: 'carrier-protocol' } }])
  })
})

it('a socket that sends HTTP garbage instead of frames ends alone', async () => {
  await using rig = await openRig()
  const { phone } = await rig.dial()
  const raw = connect(rig.port, '127.0.0.1')
  raw.on('error', () => {})
  raw.write(
    'GET /twilio/media HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  raw.once('data', () => raw.write(Buffer.alloc(100, 0xff)))
  raw.resume()
  await new Promise((resolve) => raw.once('end', resolve))
  raw.destroy()
  phone.press('1')
  await phone.settle()
  expect(phone.socket.readyState).toBe(phone.socket.OPEN)
})
