import { getEventListeners, once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import type { CallEvent } from '../../src/call/events.ts'
import { untilLeave } from '../../src/operator/stay.ts'
import { openDesk, PASSWORD, until } from './desk-rig.ts'

const answered: CallEvent = {
  ...{ atMs: 0, type: 'answered', callId: 'CA1', provider: 'qwen', agent: 'Bella', from: '', to: '' },
}

type Desk = Awaited<ReturnType<typeof openDesk>>

async function listen(desk: Desk, headers: Readonly<Record<string, string>> = {}) {
  const callId = 'CA1'
  const socket = desk.socket(`/api/calls/${callId}/audio`, headers)
  await once(socket, 'open')
  await until(() => desk.supervision.lines.has(callId))
  return socket
}

const codeOf = async (socket: WebSocket) => (await once(socket, 'close'))[0]

describe('an operator who listens', () => {
  it('hears both sides, each piece with its time', async () => {
    await using desk = await openDesk()
    const socket = await listen(desk)
    const frames: Buffer[] = []
    socket.on('message', (data: Buffer) => frames.push(data))
    const line = desk.supervision.lines.get('CA1')
    line?.sound({ from: 'caller', atMs: 20, audio: Uint8Array.of(1, 2, 3) })
    line?.sound({ from: 'agent', atMs: 70_000.4, audio: Uint8Array.of(4) })
    await until(() => frames.length === 2)
    expect(frames.map((frame) => [...frame])).toEqual([
      [0, 20, 0, 0, 0, 1, 2, 3],
      [1, 0x70, 0x11, 0x01, 0, 4],
    ])
    expect(desk.deeds).toEqual([{ operator: 'operator', did: 'listen', callId: 'CA1' }])
  })

  it('is told when the call is over, and when there is none', async () => {
    await using desk = await openDesk()
    const socket = await listen(desk)
    const closed = codeOf(socket)
    desk.supervision.lines.get('CA1')?.ended()
    expect(await closed).toBe(1000)
    expect(await codeOf(desk.socket('/api/calls/CA0/audio'))).toBe(1000)
  })

  it('is heard by nobody any more after leaving', async () => {
    await using desk = await openDesk()
    const socket = await listen(desk)
    socket.close()
    await until(() => !desk.supervision.lines.has('CA1'))
  })

  it('speaks into the call, in frames of 20 to 200 ms and no faster than one can', async () => {
    await using desk = await openDesk()
    const socket = await listen(desk)
    await desk.post('/api/calls/CA1/commands', { type: 'take-over' })
    socket.send(Buffer.alloc(159))
    for (let i = 0; i < 20; i++) socket.send(Buffer.alloc(1600, i))
    const { spoken } = desk.supervision
    socket.ping()
    await once(socket, 'pong')
    desk.clock.advance(200)
    socket.send(Buffer.alloc(160, 99))
    await until(() => spoken.at(-1)?.[0] === 99)
    // Two seconds at once; the rest came faster than it is spoken.
    expect(spoken.map((audio) => audio.length)).toEqual([...Array(10).fill(1600), 160])
  })

  it('is heard in it only by having taken it over, and until it was handed back', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD } })
    const [ada, bert] = [await desk.signIn(), await desk.signIn()]
    const [adas, berts] = [await listen(desk, ada), await listen(desk, bert)]
    const { spoken } = desk.supervision
    const say = async (socket: WebSocket, byte: number) => {
      socket.send(Buffer.alloc(160, byte))
      socket.ping()
      await once(socket, 'pong')
    }
    const both = async (byte: number) => {
      await say(adas, byte)
      await say(berts, byte + 1)
    }
    const tell = (type: string, who: typeof ada) => desk.post('/api/calls/CA1/commands', { type }, who)
    await both(10)
    await tell('take-over', ada)
    await both(20)
    // Whoever it is that tells: the agent goes on.
    await tell('hand-back', bert)
    await both(30)
    desk.supervision.outcome = 'not-now'
    await tell('take-over', bert)
    await both(40)
    desk.supervision.outcome = 'done'
    await tell('take-over', bert)
    await both(50)
    desk.desk.take('CA1', { atMs: 1, type: 'operator', did: 'handed-back' })
    await both(60)
    await tell('take-over', ada)
    desk.desk.take('CA1', { ...answered, resumed: true })
    await both(70)
    expect(spoken.map((audio) => audio[0])).toEqual([20, 51])
  })

  it('leaves nothing behind on a session that lasts all day', async () => {
    await using desk = await openDesk()
    const over = new AbortController()
    const operator = { name: 'ada', over: over.signal, seat: 'ada' }
    const stop = Array.from({ length: 20 }, () => untilLeave(operator, desk.clock, 1, () => {}))
    expect(getEventListeners(over.signal, 'abort')).toHaveLength(20)
    for (const one of stop) one()
    expect(getEventListeners(over.signal, 'abort')).toEqual([])
  })

  it('comes again every 15 minutes when it is a proxy that says who it is', async () => {
    await using desk = await openDesk({ access: { userHeader: 'x-user' } })
    const socket = await listen(desk, { 'x-user': 'ada' })
    const closed = codeOf(socket)
    for (let i = 0; i < 59; i++) {
      const asked = once(socket, 'ping')
      desk.clock.advance(15_000)
      await asked
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(socket.readyState).toBe(socket.OPEN)
    desk.clock.advance(15_000)
    expect(await closed).toBe(1012)
  })

  it('is sent away with what is no sound', async () => {
    await using desk = await openDesk()
    const text = await listen(desk)
    text.send('hello')
    expect(await codeOf(text)).toBe(1003)
    const long = await listen(desk)
    long.send(Buffer.alloc(1601))
    expect(await codeOf(long)).toBe(1009)
  })

  it('and does not read misses sound, and nothing piles up', async () => {
    await using desk = await openDesk()
    const socket = await listen(desk)
    socket.pause()
    const line = desk.supervision.lines.get('CA1')
    const audio = new Uint8Array(1600)
    // 80 MB, of which the machine's sockets hold some.
    for (let i = 0; i < 50_000; i++) {
      line?.sound({ from: 'caller', atMs: i, audio })
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    let frames = 0
    let last = 0
    socket.on('message', (data: Buffer) => {
      frames++
      last = data.readUInt32LE(1)
    })
    socket.resume()
    await until(() => {
      line?.sound({ from: 'caller', atMs: 99_999, audio: Uint8Array.of(1) })
      return last === 99_999
    })
    expect(frames).toBeLessThan(20_000)
  })

  it('and is not there any more, though nobody said so, is let go', async () => {
    await using desk = await openDesk()
    const socket = await listen(desk)
    socket.pause()
    desk.clock.advance(15_000)
    desk.clock.advance(15_000)
    await until(() => !desk.supervision.lines.has('CA1'))
  })

  it('stays while the page answers', async () => {
    await using desk = await openDesk()
    const socket = await listen(desk)
    for (let i = 0; i < 3; i++) {
      const asked = once(socket, 'ping')
      desk.clock.advance(15_000)
      await asked
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(desk.supervision.lines.has('CA1')).toBe(true)
  })

  it('is told when the house closes', async () => {
    await using desk = await openDesk()
    const closed = codeOf(await listen(desk))
    await desk.desk[Symbol.asyncDispose]()
    expect(await closed).toBe(1001)
    expect(await desk.upgrade('/api/calls/CA1/audio')).toBe(503)
  })

  it('asks for a call, by its id', async () => {
    await using desk = await openDesk()
    const paths = ['/api/calls/CA1', '/api/calls/CA1/files', '/api/calls/..%2f/audio', '/api/calls/a/b/audio']
    for (const path of paths) expect(await desk.upgrade(path), path).toBe(404)
    expect(await desk.upgrade('/api/calls/CA1/audio?x=1')).toBe(101)
  })
})

describe("an operator's telephone", () => {
  /** A desk whose phone keeps its sockets open. */
  async function openPhones(access: Parameters<typeof openDesk>[0]) {
    const sockets: Duplex[] = []
    const none = async () => ({ status: 204 })
    const upgrade = (_request: unknown, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.on('error', () => {})
      sockets.push(socket)
    }
    return { desk: await openDesk({ ...access, phone: { voice: none, next: none, upgrade } }), sockets }
  }

  it('is cut off when its sign-in ends', async () => {
    const { desk, sockets } = await openPhones({ access: { password: PASSWORD } })
    await using _desk = desk
    const [ada, bert] = [await desk.signIn(), await desk.signIn()]
    for (const who of [ada, bert]) desk.socket('/api/phone/media', who)
    await until(() => sockets.length === 2)
    await desk.ask('/api/session', { method: 'DELETE', headers: ada })
    await until(() => sockets.some(({ destroyed }) => destroyed))
    desk.clock.advance(11 * 3_600_000)
    expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1)
  })

  it('that a proxy has let in is cut off after four hours', async () => {
    const { desk, sockets } = await openPhones({ access: { userHeader: 'x-user' } })
    await using _desk = desk
    desk.socket('/api/phone/media', { 'x-user': 'ada' })
    await until(() => sockets.length === 1)
    desk.clock.advance(4 * 3_600_000 - 1)
    expect(sockets[0]?.destroyed).toBe(false)
    desk.clock.advance(1)
    expect(sockets[0]?.destroyed).toBe(true)
  })
})
