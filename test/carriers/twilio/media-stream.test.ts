import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CarrierEvent } from '../../../src/call/carrier.ts'
import { listenTo, openRig, STREAM, until } from './rig.ts'

const frame = (fill: number) => new Uint8Array(160).fill(fill)
const sounds = (events: readonly CarrierEvent[]) =>
  events.flatMap((event) => (event.type === 'audio' ? [`${event.atMs}:${event.audio[0]}`] : []))

describe('the caller’s sound', () => {
  it('begins at the first timestamp, not at 0', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.say(frame(1), 155)
    phone.say(frame(2), 175)
    await phone.settle()
    expect(sounds(events)).toEqual(['155:1', '175:2'])
    expect(leg.format).toEqual({ encoding: 'mulaw', sampleRate: 8000 })
  })

  it('has silence where frames were lost, so that a turn can end', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.say(frame(1), 155)
    phone.say(frame(2), 215)
    await phone.settle()
    expect(sounds(events)).toEqual(['155:1', '175:255', '195:255', '215:2'])
  })

  it('is A-law where the line says so, and lost frames are its silence', async () => {
    await using rig = await openRig()
    const phone = await rig.connect()
    phone.start(await rig.announce(), { mediaFormat: { encoding: 'audio/x-alaw', sampleRate: 8000, channels: 1 } })
    phone.say(frame(1), 155)
    phone.say(frame(2), 195)
    await phone.settle()
    const leg = rig.calls[0]?.leg ?? expect.fail()
    expect(leg.format).toEqual({ encoding: 'alaw', sampleRate: 8000 })
    expect(sounds(listenTo(leg))).toEqual(['155:1', '175:213', '195:2'])
  })

  it('that came in the same breath as `start` is not lost', async () => {
    await using rig = await openRig()
    const phone = await rig.connect()
    const token = await rig.announce()
    phone.start(token)
    phone.say(frame(1))
    phone.press('9')
    await phone.settle()
    const events = listenTo(rig.calls[0]?.leg ?? expect.fail())
    expect(events.map(({ type }) => type)).toEqual(['audio', 'dtmf'])
  })
})

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
    phone.say(frame(1), 175)
    phone.socket.close(1000)
    await rig.streamEnded()
    expect(events.map(({ type }) => type)).toEqual(['audio', 'closed'])
    const { fields } = rig.records.find(({ message }) => message === 'media stream ended') ?? expect.fail()
    expect(fields).toMatchObject({ binary: 1, garbage: 2, unknown: 1, foreign: 2, repeatedStarts: 1 })
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

describe('the end of a stream', () => {
  it.each([
    [1000, 'caller'],
    [undefined, 'caller'],
    [1001, 'error'],
    [1011, 'error'],
  ])('closed with %s and no `stop` is by %s', async (code, by) => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.socket.close(code)
    await rig.streamEnded()
    expect(events).toMatchObject([{ type: 'closed', by }])
  })

  it('after `stop` nothing is heard, and what closes the socket does not matter', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.stop()
    phone.say(frame(1))
    phone.stop()
    await phone.settle()
    leg.play(frame(1))
    leg.clear()
    await phone.settle()
    expect(phone.requests()).toEqual([])
    phone.socket.terminate()
    await rig.streamEnded()
    expect(events).toEqual([{ type: 'closed', by: 'caller' }])
  })

  it('a socket that brings no media for 10 s is half-open, and closed', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    rig.clock.advance(9000)
    phone.say(frame(1))
    await phone.settle()
    rig.clock.advance(9999)
    phone.press('1')
    await phone.settle()
    expect(events.map(({ type }) => type)).toEqual(['audio', 'dtmf'])
    rig.clock.advance(1)
    expect(events.at(-1)).toMatchObject({ type: 'closed', by: 'error', error: { code: 'carrier-lost' } })
    expect(leg.gone.aborted).toBe(true)
    expect(await phone.closed).toBe(1000)
  })

  it('we hang up with 1000, and by force when no answer comes within a second', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    phone.socket.pause()
    await leg[Symbol.asyncDispose]()
    rig.clock.advance(999)
    expect(rig.records.some(({ message }) => message === 'media stream ended')).toBe(false)
    rig.clock.advance(1)
    await rig.streamEnded()
    phone.socket.resume()
    expect(await phone.closed).toBe(1000)
  })

  it('no timer is left when a call is over', async () => {
    await using rig = await openRig()
    const { phone, end } = await rig.dial()
    await end({ reason: 'agent-hung-up' })
    await phone.closed
    await rig.streamEnded()
    const records = rig.records.length
    rig.clock.advance(3_600_000)
    expect(rig.records.length).toBe(records)
  })
})

describe('a carrier that does not take what we send', () => {
  it('costs a bounded amount of memory, and is said once', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    phone.socket.pause()
    const piece = new Uint8Array(100_000)
    for (let n = 0; n < 300; n++) {
      leg.play(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    leg.mark('end')
    phone.socket.resume()
    await until(() => phone.received.some((text) => text.includes('"end"')))
    const played = phone.requests().filter(({ type }) => type === 'media').length
    expect(played).toBeLessThan(300)
    expect(rig.records.filter(({ message }) => message.startsWith('the carrier does not take'))).toHaveLength(1)
    leg.play(frame(1))
    await phone.settle()
    expect(phone.requests().filter(({ type }) => type === 'media')).toHaveLength(played + 1)
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
