import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { type SimulatedCall, startSimulatedCall } from '../../../src/simulators/carrier/call.ts'
import type { PhoneEvent } from '../../../src/simulators/carrier/events.ts'
import type { SimulatedCallOptions } from '../../../src/simulators/carrier/options.ts'
import { sign } from '../../../src/simulators/carrier/signature.ts'
import { type ServerSocket, TinyServer } from './tiny-server.ts'

const sound = (bytes: number, value = 1) => new Uint8Array(bytes).fill(value)
const SILENCE = sound(160, 0xff)

interface Dialled extends AsyncDisposable {
  readonly server: TinyServer
  readonly call: SimulatedCall
  readonly clock: ManualClock
  readonly events: PhoneEvent[]
  /** The n-th media socket, once `start` came. */
  socket(): Promise<ServerSocket>
  /** Lets frames go by, and waits until the server has them. */
  frames(count: number, socket: ServerSocket): Promise<void>
  /** Lets time go by in which one wait follows another. */
  elapse(ms: number): Promise<void>
  of<T extends PhoneEvent['type']>(type: T): Extract<PhoneEvent, { type: T }>[]
}

/** A call on a clock of its own to a server that is set up by `prepare`. */
async function dial(
  prepare: (server: TinyServer) => void,
  options: Partial<SimulatedCallOptions> | ((server: TinyServer) => Partial<SimulatedCallOptions>) = {},
): Promise<Dialled> {
  const server = await TinyServer.listen()
  prepare(server)
  const clock = new ManualClock()
  const own = typeof options === 'function' ? options(server) : options
  const call = startSimulatedCall({ webhookUrl: `${server.url}/voice`, clock, firstTimestampMs: 155, ...own })
  const events: PhoneEvent[] = []
  // The frame that begins in the moment of the answer: from then on a frame is due every 20 ms.
  call.listen(({ type }) => type === 'verb' && clock.now() === 0 && clock.advance(0))
  call.listen((event) => events.push(event))
  const isOfType = <T extends PhoneEvent['type']>(
    event: PhoneEvent,
    type: T,
  ): event is Extract<PhoneEvent, { type: T }> => event.type === type
  return {
    server,
    call,
    clock,
    events,
    async socket() {
      const socket = await server.socket()
      await socket.until((messages) => messages.length >= 2)
      return socket
    },
    async frames(count, socket) {
      const wanted = socket.of('media').length + count
      clock.advance(20 * count)
      await socket.until(() => socket.of('media').length >= wanted)
    },
    async elapse(ms) {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(100)
        await setImmediate()
      }
    },
    of: (type) => events.filter((event) => isOfType(event, type)),
    async [Symbol.asyncDispose]() {
      await call[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const stream = (server: TinyServer) => void server.stream()

/** The caller's frames as the server has them. */
const payloads = (socket: ServerSocket) =>
  socket.of('media').map((message) => {
    const { payload } = message['media'] as { payload: string }
    return Uint8Array.from(Buffer.from(payload, 'base64'))
  })

/** Waits until the phone has taken what the server sent: a mark behind it comes back when nothing is buffered. */
async function taken(call: SimulatedCall, send: () => void, type: PhoneEvent['type']): Promise<void> {
  const event = call.next(type)
  send()
  await event
}

test('an inbound call asks the voice URL with every parameter of a real one, and signs them', async () => {
  await using dialled = await dial(stream, (server) => ({
    webhookUrl: 'https://pub.example.com/voice?x=1',
    connectTo: server.url,
    authToken: 'secret',
    from: '+14155550111',
    form: { CallerName: 'A B' },
  }))
  await dialled.call.next('verb')
  const [seen] = dialled.server.seen
  expect(Object.keys(seen?.form ?? {}).sort()).toEqual(
    [
      ...['AccountSid', 'ApiVersion', 'CallSid', 'CallStatus', 'CallToken', 'Called', 'CalledCity', 'CalledCountry'],
      ...[
        'CalledState',
        'CalledZip',
        'Caller',
        'CallerCity',
        'CallerCountry',
        'CallerName',
        'CallerState',
        'CallerZip',
      ],
      ...['Direction', 'From', 'FromCity', 'FromCountry', 'FromState', 'FromZip', 'StirVerstat', 'To', 'ToCity'],
      ...['ToCountry', 'ToState', 'ToZip'],
    ].sort(),
  )
  expect(seen?.form).toMatchObject({ CallStatus: 'ringing', From: '+14155550111', Caller: '+14155550111', ToCity: '' })
  expect(seen?.form['CallToken']).toMatch(/^%7B%22parentCallInfoToken/)
  expect(seen?.request.headers['x-twilio-signature']).toBe(
    sign('secret', 'https://pub.example.com/voice?x=1', seen?.form),
  )
})

test.each([
  [false, 'wss://pub.example.com/media'],
  [true, 'wss://pub.example.com/media/'],
])('the upgrade has the headers of the real one (slash signed: %s)', async (signTrailingSlash, signedUrl) => {
  await using dialled = await dial(
    (server) => server.twiml('/voice', '<Connect><Stream url="wss://pub.example.com/media?token=1"/></Connect>'),
    (server) => ({
      webhookUrl: 'https://pub.example.com/voice',
      connectTo: server.url,
      authToken: 'secret',
      signTrailingSlash,
    }),
  )
  const socket = await dialled.socket()
  expect(socket.request.url).toBe('/media')
  expect(socket.request.headers).toEqual({
    host: 'pub.example.com',
    'user-agent': 'Twilio.TmeWs/1.0',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': expect.any(String),
    'sec-websocket-version': '13',
    'x-twilio-signature': sign('secret', signedUrl),
  })
})

test('a stream begins with connected and start, then a frame every 20 ms, silence while the caller says nothing', async () => {
  await using dialled = await dial((server) => void server.stream('', '<Parameter name="token" value="abc"/>'))
  const socket = await dialled.socket()
  await dialled.frames(3, socket)
  expect(socket.raw[0]).toBe('{"event":"connected","protocol":"Call","version":"1.0.0"}')
  expect(socket.messages[1]).toMatchObject({
    sequenceNumber: '1',
    start: { callSid: dialled.call.callSid, tracks: ['inbound'], customParameters: { token: 'abc' } },
  })
  const payload = Buffer.from(SILENCE).toString('base64')
  expect(socket.of('media')).toEqual(
    ['155', '175', '195', '215'].slice(0, socket.of('media').length).map((timestamp, i) => ({
      event: 'media',
      sequenceNumber: String(i + 2),
      media: { track: 'inbound', chunk: String(i + 1), timestamp, payload },
      streamSid: socket.streamSid,
    })),
  )
})

test('words are sent frame by frame in order, padded with silence, and speak resolves when the last one is out', async () => {
  await using dialled = await dial(stream)
  let done = false
  const spoken = dialled.call.speak(sound(200, 7)).then(() => {
    done = true
  })
  const socket = await dialled.socket()
  while (payloads(socket).every((frame) => frame[0] === 0xff)) await dialled.frames(1, socket)
  expect(done).toBe(false)
  await dialled.frames(1, socket)
  await spoken
  await dialled.frames(1, socket)
  const from = payloads(socket).findIndex((frame) => frame[0] !== 0xff)
  expect(payloads(socket).slice(from)).toEqual([
    sound(160, 7),
    Uint8Array.from([...sound(40, 7), ...sound(120, 0xff)]),
    SILENCE,
  ])
})

test('words before the first stream wait for it, words without one later are lost', async () => {
  await using dialled = await dial((server) => {
    server.twiml(
      '/voice',
      () =>
        `<Pause/><Connect><Stream url="${server.mediaUrl}"/></Connect><Pause/><Connect><Stream url="${server.mediaUrl}"/></Connect>`,
    )
  })
  const { call, clock } = dialled
  void call.speak(sound(160, 7))
  await call.next('verb')
  clock.advance(1000)
  const first = await dialled.socket()
  await dialled.frames(3, first)
  expect(payloads(first).filter((frame) => frame[0] === 7)).toHaveLength(1)
  const paused = call.next('verb')
  first.socket.close(1000)
  await paused
  const spoken = call.speak(sound(160, 9))
  clock.advance(1000)
  await spoken
  const second = await dialled.socket()
  await dialled.frames(3, second)
  expect(payloads(second).filter((frame) => frame[0] === 9)).toHaveLength(0)
  expect(call.recording().caller.filter((byte) => byte === 9)).toHaveLength(160)
})

test('both sides are recorded on one time line, and a delay in the recording is what the caller felt', async () => {
  await using dialled = await dial(stream)
  const socket = await dialled.socket()
  await dialled.frames(5, socket)
  void dialled.call.speak(sound(320, 7))
  const heardLast = () => payloads(socket).filter((frame) => frame[0] === 7).length === 2
  while (!heardLast()) await dialled.frames(1, socket)
  // The server answers the last word in no time: what remains is the wait for the next frame.
  await taken(
    dialled.call,
    () => {
      socket.play(sound(160, 9))
      socket.send({ event: 'unknown' })
    },
    'warning',
  )
  await dialled.frames(2, socket)
  const { caller, heard } = dialled.call.recording()
  expect(caller.length).toBe(heard.length)
  expect(caller.length).toBe(dialled.call.recordedMs * 8)
  expect(caller.indexOf(7) % 160).toBe(0)
  expect(caller.filter((byte) => byte === 7)).toHaveLength(320)
  expect(heard.indexOf(9) - (caller.lastIndexOf(7) + 1)).toBe(160)
})

test('what the server sends is heard in real time, and its mark comes back when the caller has heard it all', async () => {
  await using dialled = await dial(stream)
  const socket = await dialled.socket()
  await taken(
    dialled.call,
    () => {
      socket.mark('first')
      socket.play(sound(300, 5), sound(180, 6))
      socket.mark('second')
      socket.send({ event: 'clear', extra: 1 })
    },
    'warning',
  )
  expect(dialled.of('mark-echoed').map((event) => event.name)).toEqual(['first'])
  await dialled.frames(3, socket)
  expect(dialled.of('audio-heard').map((event) => [...event.audio.subarray(0, 1)])).toEqual([[5], [5], [6]])
  expect(dialled.of('mark-echoed')).toHaveLength(1)
  await dialled.frames(1, socket)
  await socket.until(() => socket.of('mark').length === 2)
  expect(socket.of('mark').map((message) => message['mark'])).toEqual([{ name: 'first' }, { name: 'second' }])
  const [first, second] = [dialled.of('audio-heard')[0], dialled.of('mark-echoed')[1]]
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(60)
})

test('clear silences the agent at once and returns all marks in order', async () => {
  await using dialled = await dial(stream)
  const socket = await dialled.socket()
  socket.play(sound(1600))
  socket.mark('a')
  socket.play(sound(1600))
  socket.mark('b')
  await taken(dialled.call, () => socket.send({ event: 'x' }), 'warning')
  await dialled.frames(2, socket)
  await taken(dialled.call, () => socket.clear(), 'cleared')
  await dialled.frames(3, socket)
  await socket.until(() => socket.of('mark').length === 2)
  expect(dialled.of('cleared')).toMatchObject([{ droppedMs: 360, marks: ['a', 'b'] }])
  expect(socket.of('mark').map((message) => message['mark'])).toEqual([{ name: 'a' }, { name: 'b' }])
  expect(dialled.of('audio-heard')).toHaveLength(2)
})

test('a server that sends nonsense is warned once for each kind, and the call goes on', async () => {
  await using dialled = await dial(stream)
  const socket = await dialled.socket()
  socket.socket.send(Buffer.from([1, 2, 3]))
  socket.socket.send(Buffer.from([1, 2, 3]))
  socket.socket.send('nonsense')
  socket.socket.send(JSON.stringify({ event: 'clear', streamSid: 'MZ0' }))
  socket.play(sound(4_800_000))
  socket.play(sound(160))
  socket.play(sound(160))
  await taken(dialled.call, () => socket.clear(), 'cleared')
  expect(dialled.of('warning').map((event) => event.code)).toEqual([31950, 31951, 31931])
  expect(dialled.of('cleared')[0]?.droppedMs).toBe(600_000)
  await dialled.frames(1, socket)
})

test.each([
  ['a frame with a reserved bit', Buffer.from([0xc1, 0x00])],
  ['a fragmented control frame', Buffer.from([0x09, 0x00])],
])('%s ends the stream with 31924 and the call goes on with the next verb', async (_, bytes) => {
  await using dialled = await dial((server) => void server.stream('', '', '<Say>sorry</Say>'))
  const socket = await dialled.socket()
  const tcp = (socket.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket
  await taken(dialled.call, () => tcp.write(bytes), 'stream-ended')
  expect(dialled.of('stream-ended')[0]?.end).toEqual({ how: 'error', code: 31924 })
  await dialled.call.next('verb').catch(() => undefined)
  expect(dialled.of('verb').at(-1)?.verb).toEqual({ type: 'say', text: 'sorry' })
})

test('hanging up sends stop, closes, tells of the stream, then of the call', async () => {
  await using dialled = await dial(
    (server) => {
      server.twiml(
        '/voice',
        () =>
          `<Connect action="/next"><Stream url="${server.mediaUrl}" name="main" statusCallback="${server.url}/s"/></Connect>`,
      )
      for (const path of ['/s', '/status']) server.on(path, (_, response) => response.writeHead(204).end())
    },
    (server) => ({ authToken: 't', statusCallback: { url: `${server.url}/status` } }),
  )
  const { call, server } = dialled
  const socket = await dialled.socket()
  await dialled.frames(2, socket)
  dialled.clock.advance(1000)
  call.hangUp()
  expect(await call.ended).toMatchObject({ by: 'caller', status: 'completed' })
  expect(await socket.closed).toBe(1000)
  const last = socket.messages.at(-1)
  expect(last).toEqual({
    event: 'stop',
    sequenceNumber: String(socket.messages.length - 1),
    streamSid: socket.streamSid,
    stop: { accountSid: `AC${'0'.repeat(32)}`, callSid: call.callSid },
  })
  expect(server.seen.map((seen) => seen.path)).toEqual(['/voice', '/s', '/s', '/status'])
  expect(server.forms('/s')).toMatchObject([
    { StreamEvent: 'stream-started', StreamName: 'main', StreamSid: socket.streamSid, CallSid: call.callSid },
    { StreamEvent: 'stream-stopped', Timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
  ])
  expect(server.forms('/status')).toMatchObject([
    { CallStatus: 'completed', CallDuration: '2', Duration: '1', SequenceNumber: '0', From: '+14155550123' },
  ])
  expect(server.forms('/status')[0]?.['Timestamp']).toMatch(/^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} \+0000$/)
  for (const { path, request, form } of server.seen) {
    expect(request.headers['x-twilio-signature']).toBe(sign('t', server.url + path, form))
  }
})

test('when the server closes the socket the carrier asks the action URL, which may open a new stream of the same call', async () => {
  await using dialled = await dial((server) => {
    server.stream(' action="/next?n=1"')
    server.twiml(
      '/next',
      () => `<Connect><Stream url="${server.mediaUrl}"><Parameter name="resume" value="1"/></Stream></Connect>`,
    )
  })
  const { call, server } = dialled
  const first = await dialled.socket()
  first.socket.close(1000)
  const second = await dialled.socket()
  expect(server.seen[1]?.request.url).toBe('/next?n=1')
  expect(server.forms('/next')[0]).toMatchObject({ CallStatus: 'in-progress', CallSid: call.callSid })
  expect(second.streamSid).not.toBe(first.streamSid)
  expect(second.messages[1]).toMatchObject({
    sequenceNumber: '1',
    start: { callSid: call.callSid, customParameters: { resume: '1' } },
  })
  expect(first.of('stop')).toEqual([])
  expect(dialled.of('stream-ended')[0]?.end).toEqual({ how: 'server-closed' })
})

test.each([
  [1011, { how: 'error', code: 31921 }],
  [1000, { how: 'server-closed' }],
] as const)('a close with %i is told as it is', async (code, end) => {
  await using dialled = await dial(stream)
  const socket = await dialled.socket()
  await taken(dialled.call, () => socket.socket.close(code), 'stream-ended')
  expect(dialled.of('stream-ended')[0]?.end).toEqual(end)
})

test('a refused upgrade is 31920, is told to the stream callback, and the caller hears what comes after', async () => {
  await using dialled = await dial((server) => {
    server.twiml(
      '/voice',
      () => `<Connect><Stream url="${server.mediaUrl}" statusCallback="${server.url}/s"/></Connect><Say>sorry</Say>`,
    )
    server.on('/s', (_, response) => response.writeHead(200).end('ok'))
    server.refuse = 'HTTP/1.1 403 Forbidden\r\n\r\n'
  })
  await dialled.call.next('verb', ({ verb }) => verb.type === 'say')
  dialled.clock.advance(60 * 5)
  expect(await dialled.call.ended).toMatchObject({ by: 'server', status: 'completed' })
  expect(dialled.server.forms('/s')).toMatchObject([
    { StreamEvent: 'stream-error', StreamError: 'Stream - WebSocket - Handshake Error' },
  ])
  expect(dialled.of('warning').map((event) => event.code)).toEqual([31920, 15003])
})

test.each([
  ['<Connect><Stream url="ws://example.com/m"/></Connect>', 31922],
  ['<Connect><Stream url="https://example.com/m"/></Connect>', 31922],
  ['<Connect><Stream url="wss://a b/m"/></Connect>', 31923],
  ['<Connect><Stream url="wss://127.0.0.1:1/m" track="both_tracks"/></Connect>', 31941],
  ['<Connect><Stream url="ws://127.0.0.1:1/m"/></Connect>', 31902],
])('%s fails with %i', async (xml, code) => {
  await using dialled = await dial((server) => server.twiml('/voice', xml))
  await dialled.call.ended
  expect(dialled.of('stream-ended')[0]?.end).toEqual({ how: 'error', code })
})

test.each([
  ['500', (server: TinyServer) => server.on('/voice', (_, response) => response.writeHead(500).end()), 11200],
  [
    'bad XML',
    (server: TinyServer) =>
      server.on('/voice', (_, r) => r.writeHead(200, { 'content-type': 'text/xml' }).end('<Response>')),
    12100,
  ],
  [
    'JSON',
    (server: TinyServer) =>
      server.on('/voice', (_, r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{}')),
    12300,
  ],
  ['no content type', (server: TinyServer) => server.on('/voice', (_, r) => r.end('<Response/>')), 12300],
])(
  'a voice URL that answers with %s leads to the fallback URL, and without one to the end',
  async (_, prepare, code) => {
    {
      await using dialled = await dial(prepare)
      expect(await dialled.call.ended).toMatchObject({ by: 'carrier', code })
      expect(dialled.of('verb').at(-1)?.verb).toMatchObject({ type: 'say' })
    }
    await using dialled = await dial(
      (server) => {
        prepare(server)
        server.twiml('/fallback', '<Hangup/>')
      },
      (server) => ({ fallbackUrl: `${server.url}/fallback` }),
    )
    expect(await dialled.call.ended).toMatchObject({ by: 'server', status: 'completed' })
    expect(dialled.server.forms('/fallback')).toMatchObject([
      { ErrorCode: String(code), ErrorUrl: `${dialled.server.url}/voice`, CallSid: dialled.call.callSid },
    ])
  },
)

test('say, pause, play, redirect and hang up take their time and are told in order', async () => {
  await using dialled = await dial((server) => {
    server.twiml('/voice', '<Say>hello</Say><Pause length="2"/><Sing/><Redirect>/two</Redirect>')
    server.twiml('/two', '<Play digits="w1"/><Hangup/><Say>never</Say>')
  })
  const redirect = dialled.call.next('verb', ({ verb }) => verb.type === 'redirect')
  await dialled.call.next('verb')
  dialled.clock.advance(300)
  await dialled.call.next('verb')
  dialled.clock.advance(2000)
  await redirect
  await dialled.call.next('verb', ({ verb }) => verb.type === 'play')
  dialled.clock.advance(700)
  expect(await dialled.call.ended).toMatchObject({ by: 'server', durationMs: 3000 })
  expect(dialled.of('verb').map(({ verb }) => verb.type)).toEqual(['say', 'pause', 'redirect', 'play', 'hangup'])
  expect(dialled.of('warning').map(({ code }) => code)).toEqual([12200])
})

test('a rejected call is never answered', async () => {
  await using dialled = await dial((server) => server.twiml('/voice', '<Reject reason="busy"/>'))
  expect(await dialled.call.ended).toEqual({ by: 'server', status: 'busy', durationMs: 0 })
  expect(dialled.call.recordedMs).toBe(0)
})

test('dialling a third party asks the action URL how it went', async () => {
  await using dialled = await dial(
    (server) => {
      server.twiml('/voice', '<Dial timeout="20" action="/dialled"><Number>+15550100</Number></Dial>')
      server.twiml('/dialled', '<Dial timeout="5" action="/again">+15550101</Dial>')
      server.twiml('/again', '<Hangup/>')
    },
    { dial: (number) => ({ status: 'completed', ringMs: number === '+15550100' ? 3000 : 9000, talkMs: 4000 }) },
  )
  await dialled.call.next('verb')
  const second = dialled.call.next('verb')
  await dialled.elapse(7000)
  await second
  await dialled.elapse(5000)
  await dialled.call.ended
  expect(dialled.server.forms('/dialled')).toMatchObject([{ DialCallStatus: 'completed', DialCallDuration: '4' }])
  expect(dialled.server.forms('/again')).toMatchObject([{ DialCallStatus: 'no-answer' }])
})

test('who was dialled, under which number, and how it went is told; the line is the same, and the stream behind it is new', async () => {
  const numbers: string[] = []
  await using dialled = await dial(
    (server) => {
      server.stream(' action="/next"')
      server.twiml(
        '/next',
        '<Dial timeout="25" callerId="+14155550123" answerOnBridge="true" action="/dialled"><Number>+15550100</Number></Dial>',
      )
      server.twiml('/dialled', () => `<Play digits="1w#"/><Connect><Stream url="${server.mediaUrl}"/></Connect>`)
    },
    {
      dial: (number, timeoutMs) => {
        numbers.push(`${number} ${timeoutMs}`)
        return { status: 'busy', ringMs: 1000 }
      },
    },
  )
  const { call, server } = dialled
  const first = await dialled.socket()
  const ringing = call.next('verb', ({ verb }) => verb.type === 'dial')
  first.socket.close(1000)
  expect(await ringing).toMatchObject({ verb: { numbers: ['+15550100'], callerId: '+14155550123', timeoutMs: 25_000 } })
  const playing = call.next('verb', ({ verb }) => verb.type === 'play')
  await dialled.elapse(1000)
  expect(await playing).toMatchObject({ verb: { digits: '1w#' } })
  const opened = dialled.socket()
  await dialled.elapse(900)
  const second = await opened
  expect(numbers).toEqual(['+15550100 25000'])
  expect(dialled.of('dialled')).toMatchObject([
    { number: '+15550100', callerId: '+14155550123', status: 'busy', talkMs: 0 },
  ])
  expect(server.forms('/dialled')).toMatchObject([
    { DialCallStatus: 'busy', CallStatus: 'in-progress', CallSid: call.callSid, From: '+14155550123' },
  ])
  expect(server.forms('/dialled')[0]).not.toHaveProperty('DialCallDuration')
  expect(second.streamSid).not.toBe(first.streamSid)
  expect(second.messages[1]).toMatchObject({ start: { callSid: call.callSid } })
  expect(dialled.of('warning')).toEqual([])
})

test.each([
  ['callerId="+19998887777"><Number>+15550100</Number>', 13214],
  ['>sales</Dial><Dial action="/again">', 13224],
])('<Dial %s is refused with %i, and has failed', async (inside, code) => {
  await using dialled = await dial(
    (server) => {
      const verb = `<Dial action="/dialled" ${inside}</Dial>`
      server.twiml('/voice', verb)
      server.twiml('/dialled', '<Hangup/>')
    },
    { dial: () => ({ status: 'completed', ringMs: 1000 }) },
  )
  await dialled.call.ended
  expect(dialled.of('warning').map((warning) => warning.code)).toEqual([code])
  expect(dialled.server.forms('/dialled')).toMatchObject([{ DialCallStatus: 'failed' }])
})

test('a caller may show the number that he called', async () => {
  await using dialled = await dial(
    (server) => {
      server.twiml('/voice', '<Dial callerId="+14155550199" action="/dialled">+15550100</Dial>')
      server.twiml('/dialled', '<Hangup/>')
    },
    { dial: () => ({ status: 'canceled', ringMs: 0 }) },
  )
  await dialled.call.ended
  expect(dialled.of('warning')).toEqual([])
  expect(dialled.server.forms('/dialled')).toMatchObject([{ DialCallStatus: 'canceled' }])
})

test('digits go to the stream while there is one, and to a gather else', async () => {
  await using dialled = await dial((server) => {
    server.stream(' action="/menu"')
    server.twiml('/menu', '<Gather numDigits="2" action="/done"><Say>one or two</Say></Gather>')
    server.twiml('/done', '<Hangup/>')
  })
  const { call } = dialled
  const socket = await dialled.socket()
  call.press('5')
  await socket.until(() => socket.of('dtmf').length === 1)
  expect(socket.of('dtmf')[0]).toMatchObject({ sequenceNumber: '2', dtmf: { track: 'inbound_track', digit: '5' } })
  const prompt = call.next('verb', ({ verb }) => verb.type === 'say')
  socket.socket.close(1000)
  await prompt
  call.press('1')
  call.press('#')
  expect(await call.ended).toMatchObject({ by: 'server' })
  expect(dialled.server.forms('/done')).toMatchObject([{ Digits: '1' }])
  expect(() => call.press('x')).toThrow(RangeError)
})

test('a call that is longer than the carrier allows is ended by it', async () => {
  await using dialled = await dial(stream, { maxCallMs: 200 })
  const socket = await dialled.socket()
  const said = dialled.call.speak(sound(1600))
  dialled.clock.advance(260)
  expect(await dialled.call.ended).toMatchObject({ by: 'carrier', code: 32015 })
  await said
  expect(dialled.call.recording().heard).toHaveLength(1600)
  await socket.closed
  expect(socket.of('stop')).toHaveLength(1)
})

test('status callbacks come for the steps that were asked for, in or out of order, once or twice', async () => {
  const run = async (order: 'in-order' | 'reversed' | 'twice') => {
    await using dialled = await dial(
      (server) => {
        server.twiml('/voice', '<Hangup/>')
        server.on('/status', (_, response) => response.writeHead(204).end())
      },
      (server) => ({
        statusCallback: { url: `${server.url}/status`, events: ['ringing', 'answered', 'completed'], order },
      }),
    )
    await dialled.call.ended
    return dialled.server.forms('/status').map((form) => `${form['SequenceNumber']} ${form['CallStatus']}`)
  }
  const [ringing, answered, completed] = ['0 ringing', '1 in-progress', '2 completed']
  expect(await run('in-order')).toEqual([ringing, answered, completed])
  expect(await run('reversed')).toEqual([completed, answered, ringing])
  expect(await run('twice')).toEqual([ringing, ringing, answered, answered, completed, completed])
})

test('who waits for an event that can no longer come is told so', async () => {
  await using dialled = await dial((server) => server.twiml('/voice', '<Hangup/>'))
  const waiting = dialled.call.next('stream-started')
  await expect(waiting).rejects.toThrow('ended before stream-started')
  await dialled.call.ended
  await expect(dialled.call.next('cleared')).rejects.toThrow('ended before cleared')
})
