import { expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { startSimulatedCall } from '../../../src/simulators/carrier/call.ts'
import type { PhoneEvent } from '../../../src/simulators/carrier/events.ts'
import { type Fault, makeFrameFate, makeRandom } from '../../../src/simulators/carrier/faults.ts'
import { type ServerSocket, TinyServer } from './tiny-server.ts'

/** A call with faults whose first stream is open; the frame of time 0 has been sent. */
async function dial(faults: readonly Fault[], server: TinyServer, after = '') {
  server.stream('', '', after)
  const clock = new ManualClock()
  const call = startSimulatedCall({ webhookUrl: `${server.url}/voice`, clock, firstTimestampMs: 100, seed: 1, faults })
  const events: PhoneEvent[] = []
  call.listen((event) => events.push(event))
  const started = call.next('stream-started')
  const socket = await server.socket()
  await started
  return { call, clock, events, socket }
}

const media = (socket: ServerSocket) =>
  socket.of('media').map((message) => {
    const { chunk, timestamp } = message['media'] as { chunk: string; timestamp: string }
    return `${message['sequenceNumber']}/${chunk}/${timestamp}`
  })

test('a gap makes timestamps jump and counters go on; lost frames make both jump', async () => {
  await using server = await TinyServer.listen()
  const faults: Fault[] = [
    { type: 'gap', atMs: 40, ms: 60 },
    { type: 'lose', atMs: 120, ms: 40 },
  ]
  const { call, clock, socket } = await dial(faults, server)
  await using _ = call
  clock.advance(200)
  await socket.until(() => socket.of('media').length >= 5)
  expect(media(socket).slice(0, 5)).toEqual(['2/1/100', '3/2/120', '4/3/200', '7/6/260', '8/7/280'])
})

test('a burst holds frames, digits and marks back and sends them together in order', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, socket } = await dial([{ type: 'burst', atMs: 40, ms: 100 }], server)
  await using _ = call
  clock.advance(80)
  await socket.until(() => socket.of('media').length === 2)
  call.press('5')
  clock.advance(40)
  await new Promise((resolve) => setImmediate(resolve))
  expect(socket.of('media')).toHaveLength(2)
  clock.advance(40)
  await socket.until(() => socket.of('media').length >= 8)
  expect(socket.messages.map((message) => message['sequenceNumber']).slice(1, 10)).toEqual([
    ...['1', '2', '3', '4', '5', '6', '7', '8', '9'],
  ])
  expect(socket.of('dtmf')).toHaveLength(1)
})

test('jitter delays frames up to its bound, is the same for the same seed, and loses nothing', () => {
  const run = (seed: number) => {
    const fate = makeFrameFate([{ type: 'jitter', maxMs: 100 }], makeRandom(seed))
    return Array.from({ length: 500 }, (_, frame) => fate(frame * 20))
  }
  expect(run(1)).toEqual(run(1))
  expect(run(1)).not.toEqual(run(2))
  const held = run(1)
    .join('')
    .split('send')
    .map((span) => span.length / 'hold'.length)
  expect(Math.max(...held)).toBe(5)
  expect(new Set(run(1))).toEqual(new Set(['send', 'hold']))
})

test('marks come back late by as much as was asked for', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, events, socket } = await dial([{ type: 'late-marks', ms: 300 }], server)
  await using _ = call
  await socket.until((messages) => messages.length >= 2)
  const told = call.next('warning')
  socket.mark('m')
  socket.send({ event: 'x' })
  await told
  clock.advance(299)
  expect(events.some(({ type }) => type === 'mark-echoed')).toBe(false)
  clock.advance(1)
  expect(events.some(({ type }) => type === 'mark-echoed')).toBe(true)
})

test('a dropped connection has no stop and no close frame, and the call goes on', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, events, socket } = await dial([{ type: 'drop', atMs: 100 }], server, '<Say>sorry</Say>')
  await using _ = call
  const said = call.next('verb', ({ verb }) => verb.type === 'say')
  clock.advance(200)
  expect(await socket.closed).toBe(1006)
  await said
  expect(socket.of('stop')).toEqual([])
  expect(events.find((event) => event.type === 'stream-ended')).toMatchObject({ end: { how: 'error', code: 31903 } })
})

test('a half-open stream goes silent, its socket stays for 45 s, and the call goes on at once', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, events, socket } = await dial([{ type: 'half-open', atMs: 60 }], server, '<Pause length="60"/>')
  await using _ = call
  const paused = call.next('verb', ({ verb }) => verb.type === 'pause')
  clock.advance(100)
  await paused
  await socket.until(() => socket.of('media').length === 3)
  let closed = false
  void socket.closed.then(() => {
    closed = true
  })
  clock.advance(44_000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(closed).toBe(false)
  expect(socket.of('media')).toHaveLength(3)
  clock.advance(1_000)
  expect(await socket.closed).toBe(1006)
  expect(events.find((event) => event.type === 'stream-ended')).toMatchObject({ end: { how: 'error', code: 31924 } })
})

test('a half-open stream that the carrier has not noticed ends when the server closes it', async () => {
  await using server = await TinyServer.listen()
  const fault: Fault = { type: 'half-open', atMs: 60, goesOn: 'when-closed' }
  const { call, clock, events, socket } = await dial([fault], server, '<Say>back</Say>')
  await using _ = call
  clock.advance(500)
  await socket.until(() => socket.of('media').length === 3)
  expect(events.some(({ type }) => type === 'stream-ended')).toBe(false)
  const said = call.next('verb', ({ verb }) => verb.type === 'say')
  socket.socket.close(1000)
  await said
})

test('start may never come, or come twice', async () => {
  await using server = await TinyServer.listen()
  {
    const { call, clock, socket } = await dial([{ type: 'no-start' }], server)
    await using _ = call
    clock.advance(200)
    await socket.until((messages) => messages.length === 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(socket.messages.map((message) => message['event'])).toEqual(['connected'])
  }
  const { call, clock, socket } = await dial([{ type: 'duplicate-start', atMs: 40 }], server)
  await using _ = call
  clock.advance(100)
  await socket.until(() => socket.of('media').length >= 5)
  expect(socket.of('start').map((message) => message['sequenceNumber'])).toEqual(['1', '4'])
})

test('hanging up may come without stop', async () => {
  await using server = await TinyServer.listen()
  const { call, socket } = await dial([{ type: 'no-stop' }], server)
  await using _ = call
  call.hangUp()
  expect(await socket.closed).toBe(1000)
  expect(socket.of('stop')).toEqual([])
})

test('any message can be sent, and a fault strikes only the stream it is meant for', async () => {
  await using server = await TinyServer.listen()
  server.twiml('/next', () => `<Connect><Stream url="${server.mediaUrl}"/></Connect>`)
  const faults: Fault[] = [{ type: 'send', atMs: 40, data: '{"event":"?"}', stream: 1 }]
  const { call, clock, socket } = await dial(faults, server, '<Redirect>/next</Redirect>')
  await using _ = call
  clock.advance(100)
  await socket.until(() => socket.of('media').length >= 5)
  expect(socket.of('?')).toEqual([])
  const again = call.next('stream-started')
  socket.socket.close(1000)
  const second = await server.socket()
  await again
  clock.advance(100)
  await second.until(() => second.of('media').length >= 5)
  expect(second.of('?')).toHaveLength(1)
})

test('a server whose messages are not read for a while is read in full afterwards', async () => {
  await using server = await TinyServer.listen()
  const { call, clock, events, socket } = await dial([{ type: 'slow-reader', atMs: 20, ms: 1000 }], server)
  await using _ = call
  clock.advance(60)
  await socket.until(() => socket.of('media').length >= 3)
  socket.clear()
  await new Promise((resolve) => setImmediate(resolve))
  expect(events.some(({ type }) => type === 'cleared')).toBe(false)
  const cleared = call.next('cleared')
  clock.advance(1000)
  await cleared
})
