import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { mulaw8k } from '../../src/audio/format.ts'
import { systemClock } from '../../src/base/clock.ts'
import { MediaStream } from '../../src/carriers/twilio/media-stream.ts'
import { makeQwenProvider } from '../../src/providers/qwen/provider.ts'
import { readServerMessage } from '../../src/simulators/carrier/stream-messages.ts'
import { makeLogRecorder } from '../fakes/log.ts'

/*
 * Both far ends take what they are sent into the kernel's buffers and then no more: on this side it waits, up to a bound.
 *
 *   written   ├── kernel, some MB ──┤├── bound ──┤ dropped, counted …
 */

/** The most that the kernel holds between two sockets of one machine; what we send is well above it [bytes]. */
const KERNEL_BYTES = 12 << 20

const STREAM = 'MZ0'

/** A server of one WebSocket, and its address. */
async function listen() {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${port}`,
    next: once(sockets, 'connection').then(([socket]) => socket as WebSocket),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

it('a carrier that stops reading is sent no sound beyond a megabyte, is still told to clear, and hears what comes after', async () => {
  await using server = await listen()
  const phone = new WebSocket(server.url)
  const socket = await server.next
  await once(phone, 'open')
  const { log, records } = makeLogRecorder()
  const start = { event: 'start', streamSid: STREAM, callSid: 'CA0', formatText: '', token: undefined } as const
  await using leg = new MediaStream(socket, { ...start, format: mulaw8k }, mulaw8k, systemClock, log)
  phone.pause()
  // An hour of sound in pieces of 4 s, each with its number.
  const piece = (n: number) => new Uint8Array(32_000).fill(n >> 8, 0, 1).fill(n & 255, 1, 2)
  const pieces = 900
  let most = 0
  for (let n = 0; n < pieces; n++) {
    leg.play(piece(n))
    most = Math.max(most, socket.bufferedAmount)
    // The kernel is given its part, as it would be in real time.
    if (n % 20 === 0) await new Promise(setImmediate)
  }
  leg.clear()
  expect(most).toBeLessThan((1 << 20) + 50_000)
  expect(leg.state).toBe('open')
  const { unsent, unsentMs } = leg.counts
  expect(unsentMs).toBe(unsent * 4000)

  const heard: (number | string)[] = []
  const cleared = Promise.withResolvers<void>()
  const later = Promise.withResolvers<void>()
  phone.on('message', (data) => {
    const message = readServerMessage(String(data), STREAM)
    if (typeof message === 'string') throw new Error(message)
    heard.push(message.type === 'media' ? (message.audio[0] ?? 0) * 256 + (message.audio[1] ?? 0) : message.type)
    if (message.type === 'clear') cleared.resolve()
    if (heard.at(-1) === pieces) later.resolve()
  })
  phone.resume()
  await cleared.promise
  leg.play(piece(pieces))
  await later.promise
  const sent = pieces - unsent
  expect(heard).toEqual([...Array.from({ length: sent }, (_, n) => n), 'clear', pieces])
  expect(sent * 42_700).toBeLessThan(KERNEL_BYTES)
  expect(records.filter(({ level }) => level === 'warn')).toHaveLength(1)
})

it('a model that stops reading is given the oldest sound first, then the latest five seconds, and the loss is counted', async () => {
  await using server = await listen()
  const { log, records } = makeLogRecorder()
  const provider = makeQwenProvider({
    url: server.url,
    apiKey: 'sk',
    model: 'qwen3.5-omni-flash-realtime',
    batchMs: 100,
    clock: systemClock,
    log,
  })
  const heard: number[] = []
  void server.next.then((socket) => {
    socket.send(JSON.stringify({ type: 'session.created', session: {} }))
    socket.on('message', (data) => {
      const event: { type: string; session?: object; audio?: string } = JSON.parse(String(data))
      if (event.type === 'session.update') {
        socket.send(JSON.stringify({ type: 'session.updated', session: event.session }))
        socket.pause()
      }
      if (event.type === 'input_audio_buffer.append') heard.push(Buffer.from(event.audio ?? '', 'base64').readInt16LE())
    })
  })
  const asked = { callId: 'CA0', instructions: 'Be kind.', tools: [] }
  const session = await provider.connect(asked, new AbortController().signal)
  // Eighty minutes of sound in pieces of a tenth of a second, each with its number.
  const pieces = 48_000
  const bytes = session.inputFormat.sampleRate / 5
  const piece = Buffer.alloc(bytes)
  const say = (n: number) => {
    piece.writeInt16LE(n - 30_000)
    session.append(piece)
  }
  for (let n = 0; n < pieces; n++) {
    say(n)
    if (n % 200 === 0) await new Promise(setImmediate)
  }
  const socket = await server.next
  socket.resume()
  // What waits goes up with the sound that follows.
  for (let n = pieces; (heard.at(-1) ?? 0) < pieces - 30_000; n++) {
    say(n)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await session[Symbol.asyncDispose]()

  const numbers = heard.map((n) => n + 30_000)
  const gap = numbers.findIndex((n, i) => n !== i)
  const [before, after] = [numbers.slice(0, gap), numbers.slice(gap)]
  const first = after[0] ?? 0
  expect(after).toEqual(Array.from({ length: after.length }, (_, i) => first + i))
  // The piece that made the gap is not lost: fifty are kept, and what was said since.
  expect(pieces - first).toBeLessThanOrEqual(51)
  expect(before.length * bytes * 1.34).toBeLessThan(KERNEL_BYTES)
  const over = records.find(({ message }) => message === 'session over')
  expect(over?.fields['droppedUplinkMs']).toBe((first - gap) * 100)
})
