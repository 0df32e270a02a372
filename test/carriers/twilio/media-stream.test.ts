import { describe, expect, it } from 'vitest'
import type { CarrierEvent } from '../../../src/call/carrier.ts'
import type { Phone } from './phone.ts'
import { frame, listenTo, openRig, sounds, until } from './rig.ts'

type Rig = Awaited<ReturnType<typeof openRig>>

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

describe('a stream that stops sending in the middle of speech', () => {
  const silences = (events: readonly CarrierEvent[]) => sounds(events).filter((sound) => sound.endsWith(':255')).length

  it('is silence from 750 ms on, in real time, until it is half-open', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.say(frame(1), 155)
    await phone.settle()
    rig.clock.advance(749)
    expect(silences(events)).toBe(0)
    rig.clock.advance(1)
    expect(sounds(events)).toEqual(['155:1', '175:255'])
    rig.clock.advance(250)
    expect(silences(events)).toBe(13)
    rig.clock.advance(8999)
    expect(silences(events)).toBe(463)
    expect(leg.gone.aborted).toBe(false)
    rig.clock.advance(1)
    expect(events.at(-1)).toMatchObject({ type: 'closed', by: 'error', error: { code: 'carrier-lost' } })
    rig.clock.advance(60_000)
    expect(silences(events)).toBe(463)
  })

  it('has no sound twice when it comes late in one burst', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.say(frame(1), 155)
    await phone.settle()
    rig.clock.advance(1000)
    for (let n = 0; n < 50; n++) phone.say(frame(2), 175 + n * 20)
    await phone.settle()
    expect(silences(events)).toBe(13)
    expect(sounds(events).filter((sound) => sound.endsWith(':2'))).toHaveLength(50)
    rig.clock.advance(749)
    phone.say(frame(3), 1175)
    await phone.settle()
    expect(sounds(events).at(-1)).toMatch(/:3$/)
    expect(silences(events)).toBe(13)
  })

  it('has the silence of what was lost once', async () => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    phone.say(frame(1), 155)
    await phone.settle()
    rig.clock.advance(2000)
    phone.say(frame(2), 2155)
    await phone.settle()
    // 2 s went by, of which the first frame was 20 ms.
    expect(silences(events)).toBe(99)
    expect(sounds(events).at(-1)).toBe('2155:2')
  })

  it('and has sent nothing at all yet is not fed', async () => {
    await using rig = await openRig()
    const { leg } = await rig.dial()
    const events = listenTo(leg)
    rig.clock.advance(9999)
    expect(events).toEqual([])
  })
})

describe('the end of a stream', () => {
  const ends: [string, string, (phone: Phone, rig: Rig) => unknown, string][] = [
    ['`stop`, then 1000', 'caller', (phone) => [phone.stop(), phone.socket.close(1000)], 'stopped'],
    ['`stop`, then nothing orderly', 'caller', (phone) => [phone.stop(), phone.socket.close(1011)], 'stopped'],
    ['1000 and no `stop`', 'error', (phone) => phone.socket.close(1000), 'closed'],
    ['no status and no `stop`', 'error', (phone) => phone.socket.close(), 'closed'],
    ['1001 and no `stop`', 'error', (phone) => phone.socket.close(1001), 'broken'],
    ['1011 and no `stop`', 'error', (phone) => phone.socket.close(1011), 'broken'],
    ['not a word', 'error', (phone) => phone.socket.terminate(), 'broken'],
    ['a frame that is none', 'error', (phone) => phone.raw('x'.repeat(70_000)), 'broken'],
    ['10 s of silence', 'error', (_, rig) => rig.clock.advance(10_000), 'silent'],
  ]
  it.each(ends)('with %s is by %s, and said to be so', async (_, by, end, state) => {
    await using rig = await openRig()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    end(phone, rig)
    await rig.streamEnded()
    expect(events).toMatchObject([{ type: 'closed', by }])
    expect(rig.records).toContainEqual(expect.objectContaining({ fields: expect.objectContaining({ state }) }))
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
    expect(leg.gone.aborted).toBe(false)
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
    phone.stop()
    phone.socket.close(1000)
    await rig.streamEnded()
    const { fields } = rig.records.find(({ message }) => message === 'media stream ended') ?? expect.fail()
    const unsent = { unsent: 300 - played, unsentMs: (300 - played) * 12_500 }
    expect(fields).toMatchObject(unsent)
    // For whoever sums up what all streams have lost.
    expect(rig.streams).toMatchObject([unsent])
  })
})
