import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../../src/base/clock.ts'
import { makeTwilioCarrier } from '../../../src/carriers/twilio/carrier.ts'
import { MediaDoor } from '../../../src/carriers/twilio/media-door.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import { makeLogRecorder } from '../../fakes/log.ts'
import { CALL, Phone } from './phone.ts'
import { listenTo, openRig, sign, switchboardOptions } from './rig.ts'

const PUBLIC = 'https://pub.example.com'
const TOKEN = '0123456789abcdef0123456789abcdef'
const signed = { publicUrl: () => PUBLIC, authTokens: [TOKEN] }
const inbound = { CallSid: CALL, From: '+15550001111', To: '+15550002222', CallStatus: 'ringing', CallToken: '%7B%22' }

describe('the webhook', () => {
  it('answers a signed call with a stream, and remembers who called', async () => {
    await using rig = await openRig(signed)
    const signature = sign(TOKEN, `${PUBLIC}/twilio/voice`, inbound)
    const reply = await rig.post('/twilio/voice', inbound, { 'x-twilio-signature': signature })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    const body = await reply.text()
    expect(body).toContain(`<Stream url="wss://pub.example.com/twilio/media" `)
    const token = /name="token" value="([^"]+)"/.exec(body)?.[1]
    const phone = await rig.connect({ 'x-twilio-signature': sign(TOKEN, 'wss://pub.example.com/twilio/media/') })
    phone.start(token)
    await phone.settle()
    expect(rig.calls[0]?.info).toEqual({ callId: CALL, from: '+15550001111', to: '+15550002222' })
    expect(rig.calls[0]?.leg.callId).toBe(CALL)
  })

  it('refuses what is not signed, also from this machine, on every route', async () => {
    await using rig = await openRig(signed)
    for (const path of ['/twilio/voice', '/twilio/next', '/twilio/stream-status', '/twilio/call-status']) {
      const reply = await rig.post(path, inbound, { 'x-twilio-signature': 'L/OH5YylLD5NRKLltdqwSvS0BnU=' })
      expect(reply.status, path).toBe(403)
      expect((await rig.post(path, inbound)).status, path).toBe(403)
      expect((await fetch(rig.base + path)).status, path).toBe(404)
    }
  })

  it('takes the calls of its own account only, when that is configured', async () => {
    await using rig = await openRig({ accountSid: 'AC1' })
    expect((await rig.post('/twilio/voice', { ...inbound, AccountSid: 'AC1' })).status).toBe(200)
    expect((await rig.post('/twilio/voice', { ...inbound, AccountSid: 'AC2' })).status).toBe(403)
    expect((await rig.post('/twilio/next', inbound)).status).toBe(403)
  })

  it('refuses a tunnel when no token is configured, and says at its start who is let in', async () => {
    await using rig = await openRig()
    expect(rig.records).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/this machine only/) }),
    )
    expect((await rig.post('/twilio/voice', inbound)).status).toBe(200)
    expect((await rig.post('/twilio/voice', inbound, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(403)
    await expect(rig.connect({ 'x-forwarded-for': '203.0.113.9' })).rejects.toThrow('HTTP 403')
    await expect(rig.connect({ host: 'abc.ngrok-free.dev' })).rejects.toThrow('HTTP 403')
  })

  it('tells the caller that all lines are busy while no call is welcome', async () => {
    await using rig = await openRig()
    rig.admission.open = false
    const reply = await rig.post('/twilio/voice', inbound)
    expect(await reply.text()).toMatch(/<Response><Say>[^<]*busy[^<]*<\/Say><Hangup\/><\/Response>/)
  })

  it('wants a CallSid that can name a file', async () => {
    await using rig = await openRig()
    for (const CallSid of ['', '../../etc/passwd', 'CA 1', 'C'.repeat(65), 'CA\n1']) {
      expect((await rig.post('/twilio/voice', { ...inbound, CallSid })).status).toBe(400)
    }
  })

  it('takes a withheld number as it comes', async () => {
    await using rig = await openRig()
    const { To, ...rest } = inbound
    const body = await (await rig.post('/twilio/voice', { ...rest, From: 'anonymous' })).text()
    const phone = await rig.connect()
    phone.start(/name="token" value="([^"]+)"/.exec(body)?.[1])
    await phone.settle()
    expect(rig.calls[0]?.info).toEqual({ callId: CALL, from: 'anonymous', to: '' })
    expect(To).not.toBe('')
  })
})

describe('status callbacks', () => {
  it('are noted with 204, however often they come', async () => {
    await using rig = await openRig()
    const stream = { CallSid: CALL, StreamSid: 'MZ1', StreamEvent: 'stream-error', StreamError: 'Protocol Error' }
    for (let n = 0; n < 2; n++) {
      expect((await rig.post('/twilio/stream-status', stream)).status).toBe(204)
      const call = { ...inbound, CallStatus: 'completed', SequenceNumber: '3' }
      expect((await rig.post('/twilio/call-status', call)).status).toBe(204)
    }
    expect(rig.records).toContainEqual({
      ...{ level: 'warn', message: 'stream status' },
      fields: { callId: CALL, event: 'stream-error', error: 'Protocol Error' },
    })
    expect(rig.records.filter(({ message }) => message === 'call status')).toHaveLength(2)
  })
})

describe('the media socket', () => {
  it('is not upgraded without a signature, or with a query', async () => {
    await using rig = await openRig(signed)
    await expect(rig.connect()).rejects.toThrow('HTTP 403')
    await expect(rig.connect({ 'x-twilio-signature': sign(TOKEN, `${PUBLIC}/twilio/media`) })).rejects.toThrow(
      'HTTP 403',
    )
    const withQuery = { 'x-twilio-signature': sign(TOKEN, 'wss://pub.example.com/twilio/media?a=1') }
    await expect(rig.connect(withQuery, '/twilio/media?a=1')).rejects.toThrow('HTTP 403')
    await rig.connect({ 'x-twilio-signature': sign(TOKEN, 'wss://pub.example.com/twilio/media') }, '/twilio/media/')
  })

  it('agrees to no compression', async () => {
    await using rig = await openRig()
    const offer = new Phone(new WebSocket(`ws://127.0.0.1:${rig.port}/twilio/media`, { perMessageDeflate: true }))
    await offer.opened
    expect(offer.socket.extensions).toBe('')
    offer.socket.terminate()
  })

  it('is closed, and no call is answered, without a good token', async () => {
    await using rig = await openRig()
    const good = await rig.announce()
    const other = await rig.announce('CA2')
    for (const token of [undefined, '', 'forged', other, `${good}x`]) {
      const phone = await rig.connect()
      phone.start(token)
      expect(await phone.closed).toBe(1008)
    }
    expect(rig.calls).toHaveLength(0)
    const first = await rig.connect()
    first.start(good)
    await first.settle()
    const replay = await rig.connect()
    replay.start(good)
    expect(await replay.closed).toBe(1008)
    expect(rig.calls).toHaveLength(1)
    expect(rig.records.map(({ fields }) => fields['fault']).filter(Boolean)).toEqual([
      'missing',
      'missing',
      'forged',
      'forged',
      'forged',
      'used',
    ])
  })

  it('is closed when its token is older than a minute', async () => {
    await using rig = await openRig()
    const token = await rig.announce()
    rig.clock.advance(60_000)
    const phone = await rig.connect()
    phone.start(token)
    expect(await phone.closed).toBe(1008)
    expect(rig.calls).toHaveLength(0)
  })

  it('is closed when its call is over', async () => {
    await using rig = await openRig()
    const token = await rig.announce()
    await rig.post('/twilio/call-status', { ...inbound, CallStatus: 'completed' })
    const phone = await rig.connect()
    phone.start(token)
    expect(await phone.closed).toBe(1008)
    expect(rig.calls).toHaveLength(0)
    expect(rig.admission.places.size).toBe(0)
  })

  it('is closed when no `start` comes within 5 s, whatever else comes', async () => {
    await using rig = await openRig()
    const phone = await rig.connect()
    phone.send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    phone.say(new Uint8Array(160))
    phone.raw('{')
    phone.raw(Uint8Array.of(1))
    await phone.settle()
    rig.clock.advance(4999)
    await phone.settle()
    expect(phone.socket.readyState).toBe(phone.socket.OPEN)
    rig.clock.advance(1)
    expect(await phone.closed).toBe(1008)
    expect(rig.records).toContainEqual(expect.objectContaining({ fields: { why: 'no-start', early: 3 } }))
  })

  it('is closed with 1009 when its first frame is over 64 KiB', async () => {
    await using rig = await openRig()
    const phone = await rig.connect()
    phone.raw('x'.repeat(64 * 1024 + 1))
    expect(await phone.closed).toBe(1009)
  })

  it('is closed when its sound is coded in no way we know, and the caller gets an apology when it stays so', async () => {
    await using rig = await openRig()
    const phone = await rig.connect()
    phone.start(await rig.announce(), { mediaFormat: { encoding: 'audio/x-l16', sampleRate: 16_000, channels: 1 } })
    expect(await phone.closed).toBe(1008)
    expect(rig.calls).toHaveLength(0)
    expect(rig.records).toContainEqual(
      expect.objectContaining({ level: 'error', fields: { callId: CALL, format: 'audio/x-l16/16000/1' } }),
    )
    for (let n = 1; n <= 3; n++) {
      const next = await rig.post(`/twilio/next?stream=${n}`, { CallSid: CALL, CallStatus: 'in-progress' })
      const again = await rig.connect()
      again.start(/name="token" value="([^"]+)"/.exec(await next.text())?.[1], {
        mediaFormat: { encoding: 'audio/x-l16', sampleRate: 16_000, channels: 1 },
      })
      expect(await again.closed).toBe(1008)
    }
    const last = await rig.post('/twilio/next?stream=4', { CallSid: CALL, CallStatus: 'in-progress' })
    expect(await last.text()).toContain('something went wrong')
  })

  it('is closed, the oldest first, when too many wait for their `start`', async () => {
    await using rig = await openRig({ maxWaiting: 3 })
    const first = await rig.connect()
    const second = await rig.connect()
    const { phone } = await rig.dial()
    await rig.connect()
    expect(first.socket.readyState).toBe(first.socket.OPEN)
    await rig.connect()
    expect(await first.closed).toBe(1008)
    for (const open of [second, phone]) {
      await open.settle()
      expect(open.socket.readyState).toBe(open.socket.OPEN)
    }
    expect(rig.records).toContainEqual(expect.objectContaining({ fields: { why: 'too-many', early: 0 } }))
  })

  it('keeps calls apart', async () => {
    await using rig = await openRig()
    const one = await rig.dial('CA1')
    const two = await rig.dial('CA2')
    const heard = [listenTo(one.leg), listenTo(two.leg)]
    one.phone.press('1')
    two.phone.press('2')
    one.leg.mark('one')
    two.leg.mark('two')
    await Promise.all([one.phone.settle(), two.phone.settle()])
    expect(heard).toEqual([[{ type: 'dtmf', digit: '1' }], [{ type: 'dtmf', digit: '2' }]])
    expect(one.phone.requests()).toEqual([{ type: 'mark', name: 'one' }])
    expect(two.phone.requests()).toEqual([{ type: 'mark', name: 'two' }])
  })
})

describe('the carrier', () => {
  it('closes its sockets when it is disposed of, and takes no more calls', async () => {
    await using rig = await openRig()
    const waiting = await rig.connect()
    const { phone, leg } = await rig.dial()
    const events = listenTo(leg)
    await rig.closeCarrier()
    expect(events).toMatchObject([{ type: 'closed', by: 'error', error: { code: 'carrier-lost' } }])
    expect(await phone.closed).toBe(1000)
    expect(await waiting.closed).toBe(1001)
    await expect(rig.connect()).rejects.toThrow('HTTP 503')
    expect(await (await rig.post('/twilio/voice', { ...inbound, CallSid: 'CA2' })).text()).toContain('busy')
    // Who was here already is somebody else's now.
    expect(await (await rig.post('/twilio/voice', inbound)).text()).toContain('&amp;handed=1</Redirect>')
  })

  it('writes no number, token or digit to the log', async () => {
    await using rig = await openRig()
    const { phone, end } = await rig.dial()
    phone.press('4')
    phone.raw('{"event":"dtmf","digit":"4711"')
    await phone.settle()
    await end({ reason: 'agent-hung-up' })
    await rig.post('/twilio/next', inbound)
    await rig.post('/twilio/call-status', inbound)
    await rig.streamEnded()
    const log = JSON.stringify(rig.records)
    expect(log).not.toMatch(/5550001111|5550002222|4711/)
    expect(log).not.toMatch(/\d+\.[\w-]{16}\.[\w-]+\.[\w-]{43}/)
  })

  it('is not made with a public address that Twilio could not reach', () => {
    const { log } = makeLogRecorder()
    const switchboard = new Switchboard(switchboardOptions())
    const answer = () => Promise.reject(new Error('unused'))
    const media = new MediaDoor({ register: switchboard, expect: () => {}, answer, clock: systemClock, log })
    const options = { authTokens: [TOKEN], switchboard, media, log }
    expect(() => makeTwilioCarrier({ ...options, publicUrl: 'http://pub.example.com' })).toThrow(RangeError)
  })
})
