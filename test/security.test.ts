import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { samplesOf } from '../src/audio/pcm.ts'
import { toneDbfs } from '../src/audio/tone.ts'
import { CALL, openRig, type Phone } from './carriers/twilio/rig.ts'
import { say } from './e2e/house.ts'
import {
  ACCOUNT,
  type Gate,
  openGate,
  PUBLIC,
  ringing,
  SECOND_TOKEN,
  signed,
  signedUpgrade,
  TOKEN,
  until,
  webhooks,
} from './security/gate.ts'

// Who may come in, and what becomes of those who may not. Each line is a promise of docs/security.md, kept over real
// sockets by a whole server between a simulated model and whoever stands at its gate. Secrets and people are in
// `security/nothing-said.test.ts`, where a tool may go in `security/tools.test.ts`.

let gate: Gate
beforeAll(async () => {
  gate = await openGate()
})
afterAll(() => gate[Symbol.asyncDispose]())

/** A call id of its own for each question. */
let calls = 0
const newCall = () => `CA${String(++calls).padStart(32, '0')}`
const newStream = () => `MZ${String(++calls).padStart(32, '0')}`

describe.concurrent('a webhook', () => {
  it.each(webhooks)('at %s is taken when Twilio has signed it for us, and by nobody else', async (path) => {
    const form = ringing(newCall())
    const { status } = await gate.post(path, form, signed(path, form))
    expect([200, 204]).toContain(status)
    const strangers = {
      unsigned: {},
      'signed with nothing': { 'x-twilio-signature': '' },
      'signed with what is no signature': { 'x-twilio-signature': '../../%00' },
      'signed by who has another token': signed(path, form, 'a-token-of-somebody-else'),
      'signed for another form': signed(path, { ...form, From: '+15559999999' }),
      'signed for another path': signed('/twilio/other', form),
      'signed for another address': signed(path, form, TOKEN, 'https://voice.example.org'),
      'signed for http': signed(path, form, TOKEN, 'http://voice.example.com'),
    }
    for (const [who, headers] of Object.entries(strangers)) {
      expect([who, await gate.post(path, form, headers)]).toEqual([who, { status: 403, body: 'Forbidden' }])
    }
  })

  it.each(webhooks)('at %s is refused for another account, though our token signed it', async (path) => {
    for (const AccountSid of [`AC${'1'.repeat(32)}`, '', `${ACCOUNT} `]) {
      const form = ringing(newCall(), { AccountSid })
      expect(await gate.post(path, form, signed(path, form))).toMatchObject({ status: 403 })
    }
  })

  it('is checked against the public address alone: neither Host nor a forwarded header changes that', async () => {
    const form = ringing(newCall())
    const lies = {
      ...{ host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
      ...{ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-port': '80', forwarded: 'for=127.0.0.1;host=evil.example' },
      ...{ 'x-original-url': '/healthz', 'x-rewrite-url': '/healthz', 'x-http-method-override': 'GET' },
    }
    const ours = await gate.post('/twilio/voice', form, { ...lies, ...signed('/twilio/voice', form) })
    expect(ours).toMatchObject({ status: 200, body: expect.stringContaining('wss://voice.example.com/twilio/media') })
    expect(ours.body).not.toContain('evil.example')
    for (const origin of ['https://evil.example', 'http://evil.example', 'http://evil.example:80']) {
      const theirs = signed('/twilio/voice', form, TOKEN, origin)
      expect(await gate.post('/twilio/voice', form, { ...lies, ...theirs })).toMatchObject({ status: 403 })
    }
  })

  it('is checked by the rules of ports: over https Twilio signs without the one that was configured, or with it', async () => {
    const origin = 'https://voice.example.com:8443'
    await using other = await openGate({ env: { PUBLIC_URL: origin, TWILIO_AUTH_TOKEN: TOKEN } })
    for (const signedFor of [origin, PUBLIC]) {
      const form = ringing(newCall())
      const reply = await other.post('/twilio/voice', form, signed('/twilio/voice', form, TOKEN, signedFor))
      expect(reply).toMatchObject({ status: 200, body: expect.stringContaining('wss://voice.example.com:8443/') })
    }
    const form = ringing(newCall())
    const wrong = signed('/twilio/voice', form, TOKEN, 'https://voice.example.com:8444')
    expect(await other.post('/twilio/voice', form, wrong)).toMatchObject({ status: 403 })
    expect(await gate.post('/twilio/voice', form, wrong)).toMatchObject({ status: 403 })
    expect(
      await other.statusOf('/twilio/media', signedUpgrade('/twilio/media', TOKEN, 'wss://voice.example.com:8443')),
    ).toBe(101)
  })

  it('is signed by the one token or the other while they are changed, and by no third', async () => {
    const env = { PUBLIC_URL: PUBLIC, TWILIO_AUTH_TOKEN: TOKEN, TWILIO_AUTH_TOKEN_SECONDARY: SECOND_TOKEN }
    await using other = await openGate({ env })
    for (const [token, status, upgraded] of [
      [TOKEN, 200, 101],
      [SECOND_TOKEN, 200, 101],
      ['a-third-token', 403, 403],
      [`${TOKEN}${SECOND_TOKEN}`, 403, 403],
    ] as const) {
      const form = ringing(newCall())
      expect(await other.post('/twilio/voice', form, signed('/twilio/voice', form, token))).toMatchObject({ status })
      expect(await other.statusOf('/twilio/media', signedUpgrade('/twilio/media', token))).toBe(upgraded)
    }
  })

  it('of a call that is over, shown again by whoever has seen it, opens no other', async () => {
    const form = ringing(newCall())
    const ask = () => gate.post('/twilio/voice', form, signed('/twilio/voice', form))
    expect((await ask()).body).toContain('<Stream ')
    const over = { ...form, CallStatus: 'completed' }
    await gate.post('/twilio/call-status', over, signed('/twilio/call-status', over))
    expect((await ask()).body).toContain('<Response><Hangup/></Response>')
  })
})

describe.concurrent('a media socket', () => {
  it('is opened when its handshake is signed, with a slash at its end or without, on either side', async () => {
    for (const asked of ['/twilio/media', '/twilio/media/']) {
      for (const signedFor of ['/twilio/media', '/twilio/media/']) {
        expect(await gate.statusOf(asked, signedUpgrade(signedFor))).toBe(101)
      }
    }
  })

  it('is refused unsigned, forged, for another path, for https, for another host and with another token', async () => {
    const strangers = {
      unsigned: {},
      forged: { 'x-twilio-signature': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
      'for another path': signedUpgrade('/twilio/other'),
      'for https': signed('/twilio/media'),
      'for another host': signedUpgrade('/twilio/media', TOKEN, 'wss://voice.example.org'),
      'for the host of the request': {
        host: 'evil.example',
        ...signedUpgrade('/twilio/media', TOKEN, 'wss://evil.example'),
      },
      'by who has another token': signedUpgrade('/twilio/media', 'a-token-of-somebody-else'),
    }
    for (const [who, headers] of Object.entries(strangers)) {
      expect([who, await gate.statusOf('/twilio/media', headers)]).toEqual([who, 403])
    }
  })

  it('is refused with a query, signed or not: Twilio sends none', async () => {
    expect(await gate.statusOf('/twilio/media?', signedUpgrade())).toBe(403)
    expect(await gate.statusOf('/twilio/media?a=1', signedUpgrade())).toBe(403)
    expect(await gate.statusOf('/twilio/media?a=1', signedUpgrade('/twilio/media?a=1'))).toBe(403)
  })

  it('is nowhere else', async () => {
    for (const path of [
      '/',
      '/twilio',
      '/twilio/voice',
      '/twilio/media/7/8',
      '/twilio/media/../media/x',
      '//twilio/media',
    ]) {
      expect(await gate.statusOf(path, signedUpgrade(path))).toBe(404)
    }
  })

  it('that says no start within 5 s is closed, and costs nothing meanwhile', async () => {
    await using rig = await openRig()
    const phone = await rig.connect()
    phone.send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    phone.raw('garbage')
    await phone.settle()
    rig.clock.advance(4999)
    await phone.settle()
    expect(phone.socket.readyState).toBe(phone.socket.OPEN)
    rig.clock.advance(1)
    expect(await phone.closed).toBe(1008)
    expect(rig.calls).toEqual([])
  })
})

describe.concurrent('without an auth token', () => {
  it('this machine is let in, and nobody else: nothing that a proxy or a tunnel has handed on', async () => {
    await using open = await openGate({ env: { HOST: '0.0.0.0' } })
    const here = { host: `127.0.0.1:${open.port}` }
    expect(await open.post('/twilio/voice', ringing(newCall()), here)).toMatchObject({ status: 200 })
    expect(await open.statusOf('/twilio/media', here)).toBe(101)
    const handedOn = [
      ...[{ 'x-forwarded-for': '203.0.113.7' }, { 'x-forwarded-proto': 'https' }, { 'x-forwarded-anything': '' }],
      ...[{ forwarded: 'for=203.0.113.7' }, { via: '1.1 proxy' }, { 'x-real-ip': '203.0.113.7' }],
      ...[{ 'cf-connecting-ip': '203.0.113.7' }, { origin: 'http://evil.example' }, { host: 'voice.example.com' }],
    ]
    for (const header of handedOn) {
      const headers = { ...here, ...header }
      expect([header, (await open.post('/twilio/voice', ringing(newCall()), headers)).status]).toEqual([header, 403])
      expect([header, await open.statusOf('/twilio/media', headers)]).toEqual([header, 403])
    }
    // From outside, when this machine has an address there.
    const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    for (const { address } of outside.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
      expect(await open.post('/twilio/voice', ringing(newCall()), here, address)).toMatchObject({ status: 403 })
    }
  })
})

describe.concurrent('a stream', () => {
  it('without a token, or with a forged, foreign or used one, is closed and never reaches the model that waits', async () => {
    await using house = await openGate()
    const [ours, other] = [newCall(), newCall()]
    const { token, path } = await house.announce(ours)
    const foreign = await house.announce(other)
    await until(() => house.house.model.sessions.length === 2)
    const heard = () => house.house.model.sessions.map(({ received }) => received.audioBytes)
    const intrude = async (told: string | undefined, callSid = ours) => {
      const phone = await house.knock(path, signedUpgrade(path))
      const streamSid = newStream()
      phone.start(told, { callSid, streamSid })
      phone.say(say(400, 200), 155, streamSid)
      return [told, await phone.closed]
    }
    const [expiry = '', ...rest] = token.split('.')
    const forged = [
      `${Number(expiry) + 1}.${rest.join('.')}`,
      token.slice(0, -3),
      `${token}A`,
      'x',
      '',
      '...',
      'A'.repeat(5000),
    ]
    for (const told of [undefined, ...forged, foreign.token]) expect(await intrude(told)).toEqual([told, 1008])
    expect(await intrude(token, newCall())).toEqual([token, 1008])
    expect(heard()).toEqual([0, 0])
    // It was not spent by them: whose it is comes in, once.
    const phone = await house.knock(path, signedUpgrade(path))
    const streamSid = newStream()
    phone.start(token, { callSid: ours, streamSid })
    phone.say(say(400, 200), 155, streamSid)
    await until(() => heard()[0] !== 0)
    expect(await intrude(token)).toEqual([token, 1008])
    expect(phone.socket.readyState).toBe(phone.socket.OPEN)
    expect(heard()[1]).toBe(0)
    expect(house.house.model.sessions).toHaveLength(2)
  })

  it('whose token has expired is closed', async () => {
    await using rig = await openRig()
    const token = await rig.announce()
    rig.clock.advance(60_001)
    const phone = await rig.connect()
    phone.start(token, { callSid: CALL })
    expect(await phone.closed).toBe(1008)
    expect(rig.calls).toEqual([])
  })

  const garbage = {
    'bad JSON': ['', '{', 'null', '[]', '"start"', '{"event":', '\u0000', '{"event":7}', '{"event":"start"}'],
    'unknown events': ['{"event":"hello"}', '{"event":"__proto__"}', '{"event":"toString"}', '{"event":"constructor"}'],
    'absurd counters': ['-1', '1e308', '99999999999999', 'NaN', '', '999999999999'].map((n) =>
      JSON.stringify({
        event: 'media',
        sequenceNumber: n,
        media: { chunk: n, timestamp: n, payload: '/w==' },
        streamSid: 'S',
      }),
    ),
    'deep JSON': ['['.repeat(30_000), `{"event":"dtmf","dtmf":${'['.repeat(15_000)}${']'.repeat(15_000)}}`],
    'values that are no texts': [
      '{"event":"start","streamSid":"S","start":{"callSid":"CA1","mediaFormat":{"encoding":{"toString":1,"valueOf":1}}}}',
      '{"event":"start","streamSid":"S","start":{"callSid":"CA1","mediaFormat":{"sampleRate":{"toString":1,"valueOf":1}}}}',
      `{"event":"start","streamSid":"S","start":{"callSid":"CA1","mediaFormat":{"encoding":${'['.repeat(15_000)}${']'.repeat(15_000)}}}}`,
      '{"event":"mark","streamSid":"S","mark":{"name":{"toString":1}}}',
    ],
    'binary frames': [Uint8Array.of(0, 1, 2), new Uint8Array(60_000), Buffer.from('{"event":"stop","streamSid":"S"}')],
  }

  it.each(Object.entries(garbage))('is not led astray by %s, before its start or after it', async (_, frames) => {
    const { phone, model, streamSid } = await liveCall()
    const stranger = await gate.knock('/twilio/media', signedUpgrade())
    for (const frame of frames) {
      stranger.raw(frame)
      phone.raw(typeof frame === 'string' ? frame.replaceAll('"S"', `"${streamSid}"`) : frame)
    }
    await stranger.settle()
    await phone.settle()
    const before = model?.received.audioBytes ?? 0
    phone.say(say(400, 200), 400_000, streamSid)
    await until(() => (model?.received.audioBytes ?? 0) > before)
    expect(phone.socket.readyState).toBe(phone.socket.OPEN)
  })

  it.each([
    ['a frame over 64 KiB', (streamSid: string) => mediaOf(streamSid, 'A'.repeat(70_000))],
    ['megabytes of base64', (streamSid: string) => mediaOf(streamSid, 'A'.repeat(4_000_000))],
    ['a frame that is not UTF-8', () => undefined],
  ])('that sends %s is closed at once, and no other call hears of it', async (_, frameFor) => {
    const [{ phone, streamSid }, other] = [await liveCall(), await liveCall()]
    const frame = frameFor(streamSid)
    if (frame === undefined) phone.socket.send(Uint8Array.of(0xff, 0xfe), { binary: false })
    else phone.raw(frame)
    expect([1006, 1007, 1009]).toContain(await phone.closed)
    await other.phone.settle()
    expect(other.phone.socket.readyState).toBe(other.phone.socket.OPEN)
  })

  it('is heard for its own call only: frames in the name of another call’s stream are nobody’s', async () => {
    const [a, b] = [await liveCall(), await liveCall()]
    for (let i = 0; i < 40; i++) {
      a.phone.say(say(400, 20), 155 + i * 20, a.streamSid)
      b.phone.say(say(700, 20), 155 + i * 20, b.streamSid)
      a.phone.say(say(1900, 20), 155 + i * 20, b.streamSid)
      b.phone.say(say(1900, 20), 155 + i * 20, a.streamSid)
    }
    const loudness = ({ model }: typeof a) => {
      const heard = samplesOf(model?.received.audio ?? new Uint8Array())
      return [400, 700, 1900].map((hz) => toneDbfs(heard.subarray(0, 16_000 * 0.7), 16_000, hz) > -30)
    }
    await until(() => [a, b].every(({ model }) => (model?.received.audioBytes ?? 0) >= 16_000 * 2 * 0.7))
    expect([loudness(a), loudness(b)]).toEqual([
      [true, false, false],
      [false, true, false],
    ])
  })
})

function mediaOf(streamSid: string, payload: string): string {
  return JSON.stringify({ event: 'media', media: { track: 'inbound', timestamp: '155', payload }, streamSid })
}

async function liveCall(): Promise<{
  phone: Phone
  model: Awaited<ReturnType<Gate['dial']>>['model']
  streamSid: string
}> {
  const streamSid = newStream()
  return { ...(await gate.dial(newCall(), streamSid)), streamSid }
}
