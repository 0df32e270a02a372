import { expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { startSimulatedCall } from '../../../src/simulators/carrier/call.ts'
import type { PhoneEvent } from '../../../src/simulators/carrier/events.ts'
import type { SimulatedCallOptions } from '../../../src/simulators/carrier/options.ts'
import { TinyServer } from './tiny-server.ts'

/** A call whose stream is open, with an action that opens another one. */
async function dial(server: TinyServer, options: Partial<SimulatedCallOptions> = {}) {
  const callback = `statusCallback="${server.url}/stream"`
  const connect = `<Connect action="/next"><Stream url="${server.mediaUrl}" ${callback}/></Connect>`
  server.twiml('/voice', connect).twiml('/next', connect).twiml('/stream', '')
  const clock = new ManualClock()
  const call = startSimulatedCall({
    webhookUrl: `${server.url}/voice`,
    clock,
    firstTimestampMs: 100,
    seed: 1,
    ...options,
  })
  const events: PhoneEvent[] = []
  call.listen((event) => events.push(event))
  const started = call.next('stream-started')
  // A document with a stream may be kept waiting.
  if (options.timing?.openMs !== undefined) {
    await call.next('verb')
    clock.advance(options.timing.openMs)
  }
  const socket = await server.socket()
  await started
  return { call, clock, events, socket }
}

const soon = () => new Promise((resolve) => setImmediate(resolve))

test('a connection that is closed without stop is an error of the stream, and the call goes on with the action', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, socket } = await dial(server)
  await using _ = call
  clock.advance(100)
  const again = call.next('stream-started')
  call.strike({ type: 'close' })
  clock.advance(20)
  expect(await socket.closed).toBe(1000)
  expect(socket.of('stop')).toEqual([])
  await again
  expect(server.forms('/next')).toMatchObject([{ CallStatus: 'in-progress', CallSid: call.callSid }])
  expect(server.forms('/stream')[1]).toMatchObject({ StreamEvent: 'stream-error', StreamError: /Broken Pipe/ })
})

test('a server that dies is an error of the stream, and the call goes on with the action', async () => {
  await using server = await TinyServer.listen()
  const { call, socket, events } = await dial(server)
  await using _ = call
  const again = call.next('stream-started')
  socket.socket.terminate()
  const { streamSid } = await again
  expect(streamSid).not.toBe(socket.streamSid)
  expect(events.find(({ type }) => type === 'stream-ended')).toMatchObject({ end: { how: 'error', code: 31903 } })
  expect(server.forms('/next')).toMatchObject([{ CallStatus: 'in-progress' }])
})

test('what goes wrong can be chosen while the call goes on', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, socket } = await dial(server)
  await using _ = call
  clock.advance(100)
  call.strike({ type: 'gap', ms: 100 })
  clock.advance(200)
  await socket.until(() => socket.of('media').length >= 10)
  const timestamps = socket.of('media').map((message) => Number((message['media'] as { timestamp: string }).timestamp))
  expect(timestamps.slice(4, 8)).toEqual([180, 200, 320, 340])
  call.strike({ type: 'drop' })
  clock.advance(20)
  expect(await socket.closed).toBe(1006)
  // There is no stream now that anything could happen to.
  expect(() => call.strike({ type: 'drop' })).not.toThrow()
})

test('a half-open stream is given up after a while, when it is said how long that takes', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, events } = await dial(server)
  await using _ = call
  call.strike({ type: 'half-open', giveUpMs: 3000 })
  clock.advance(2980)
  await soon()
  expect(events.some(({ type }) => type === 'stream-ended')).toBe(false)
  const again = call.next('stream-started')
  clock.advance(40)
  await again
  expect(events.find(({ type }) => type === 'stream-ended')).toMatchObject({ end: { code: 31924 } })
})

test('the carrier may take its time: to notice, to ask, to open the next stream', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, events, socket } = await dial(server, { timing: { noticeMs: 100, askMs: 200, openMs: 700 } })
  await using _ = call
  const has = (type: PhoneEvent['type']) => events.filter((event) => event.type === type).length
  const broken = call.next('warning')
  socket.socket.terminate()
  await broken
  await soon()
  clock.advance(99)
  await soon()
  expect(has('stream-ended')).toBe(0)
  clock.advance(1)
  await soon()
  expect(has('stream-ended')).toBe(1)
  const asked = call.next('webhook-answered')
  clock.advance(199)
  // What had been asked by now would be there before this is.
  await fetch(`${server.url}/other`)
  expect(server.forms('/next')).toEqual([])
  clock.advance(1)
  await asked
  const again = call.next('stream-started')
  await soon()
  clock.advance(699)
  for (let trips = 0; trips < 3; trips++) await fetch(`${server.url}/other`)
  expect(has('stream-started')).toBe(1)
  clock.advance(1)
  await again
})

test('a caller who hangs up while the next stream is kept waiting is gone at once', async () => {
  await using server = await TinyServer.listen()
  server.stream()
  const call = startSimulatedCall({ webhookUrl: `${server.url}/voice`, timing: { openMs: 60_000 } })
  await call.next('verb')
  call.hangUp()
  expect(await call.ended).toMatchObject({ by: 'caller' })
})

test('an action that cannot be had leads to the fallback URL, which hears of it; the limits can be shorter than the real ones', async () => {
  await using server = await TinyServer.listen()
  server.twiml('/fallback', '<Say>one moment</Say>')
  const webhookLimits = { totalMs: 300, connectMs: 100 }
  const { call, clock, events, socket } = await dial(server, { fallbackUrl: `${server.url}/fallback`, webhookLimits })
  await using _ = call
  const asked = Promise.withResolvers<void>()
  server.on('/next', () => asked.resolve())
  const said = call.next('verb', ({ verb }) => verb.type === 'say')
  socket.socket.terminate()
  await asked.promise
  clock.advance(300)
  await said
  expect(server.forms('/fallback')).toMatchObject([
    { ErrorCode: '11205', ErrorUrl: `${server.url}/next`, CallStatus: 'in-progress', CallSid: call.callSid },
  ])
  expect(events.filter(({ type }) => type === 'warning').at(-1)).toMatchObject({ code: 11205 })
})
