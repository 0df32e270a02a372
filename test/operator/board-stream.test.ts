import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import type { BoardNews } from '../../src/operator/api.ts'
import { openDesk, PASSWORD, until } from './desk-rig.ts'

/** Reads a stream of news as a browser does; comments are kept too. */
function readNews(response: IncomingMessage) {
  const news: BoardNews[] = []
  const comments: string[] = []
  let text = ''
  let bytes = 0
  let over = false
  response.on('data', (data: Buffer) => {
    bytes += data.length
    const parts = (text + data.toString('utf8')).split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      if (part.startsWith('data: ')) news.push(JSON.parse(part.slice(6)))
      else comments.push(part)
    }
  })
  response.on('error', () => {})
  response.on('close', () => {
    over = true
  })
  response.resume()
  return {
    ...{ news, comments },
    get bytes() {
      return bytes
    },
    get over() {
      return over
    },
  }
}

const answered = (callId: string): CallEvent => ({
  ...{ atMs: 0, type: 'answered', callId, provider: 'qwen', agent: 'Bella', from: '+15550001111', to: '+15550002222' },
})
const turn: CallEvent = { atMs: 1, type: 'caller-speech-stopped' }
const ended: CallEvent = {
  ...{ atMs: 2, type: 'ended', reason: 'caller-hung-up', latency: { overlapMs: 0 } },
  counters: { callerMs: 0, agentMs: 0, heardMs: 0, cutMs: 0, lateMs: 0, turns: 0, bargeIns: 0 },
}

/** Lets sockets of this process move on. */
const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve))

describe('who watches the board', () => {
  it('gets it whole, then what changes, and health every two seconds', async () => {
    await using desk = await openDesk()
    desk.desk.take('CA1', answered('CA1'))
    const response = await desk.open('/api/board')
    expect(response.headers['content-type']).toBe('text/event-stream')
    const { news, comments } = readNews(response)
    await until(() => news.length === 1)
    expect(news[0]).toMatchObject({
      type: 'board',
      calls: [{ callId: 'CA1', agent: 'Bella' }],
      health: { maxCalls: 300 },
    })
    desk.desk.take('CA2', answered('CA2'))
    desk.desk.take('CA1', ended)
    desk.clock.advance(250)
    await until(() => news.length === 3)
    expect(news.slice(1)).toMatchObject([
      { type: 'call', call: { callId: 'CA2' } },
      { type: 'gone', callId: 'CA1' },
    ])
    desk.clock.advance(1750)
    await until(() => news.length === 4)
    expect(news[3]?.type).toBe('health')
    desk.clock.advance(13_000)
    await until(() => comments.includes(':'))
    expect(comments[0]).toBe('retry: 2000')
  })

  it('gets four messages a second of a call that changes all the time', async () => {
    await using desk = await openDesk()
    desk.desk.take('CA1', answered('CA1'))
    const { news } = readNews(await desk.open('/api/board'))
    for (let ms = 0; ms < 2000; ms += 10) {
      desk.desk.take('CA1', turn)
      desk.clock.advance(10)
    }
    await until(() => news.some((one) => one.type === 'call' && one.call.turns === 200))
    expect(news.filter(({ type }) => type === 'call')).toHaveLength(8)
  })

  it('gets nothing of what changes nothing', async () => {
    await using desk = await openDesk()
    desk.desk.take('CA1', answered('CA1'))
    const { news } = readNews(await desk.open('/api/board'))
    desk.desk.take('CA1', { atMs: 1, type: 'response-started', responseId: 'r' })
    desk.clock.advance(2000)
    await until(() => news.length === 2)
    expect(news.map(({ type }) => type)).toEqual(['board', 'health'])
  })

  it('and does not read misses what comes, and gets the board anew when it reads again', async () => {
    await using desk = await openDesk()
    const calls = Array.from({ length: 1000 }, (_, i) => `CA${i}`)
    for (const callId of calls) desk.desk.take(callId, answered(callId))
    const response = await desk.open('/api/board')
    response.pause()
    let ticks = 0
    // 300 kB a tick, for nine seconds.
    for (; ticks < 36; ticks++) {
      for (const callId of calls) desk.desk.take(callId, turn)
      desk.clock.advance(250)
      await turnOfLoop()
    }
    const watcher = readNews(response)
    const isNow = (one: BoardNews) => one.type === 'board' && one.calls.length === 1000 && one.calls[0]?.turns === ticks
    await until(() => watcher.news.some(isNow))
    expect(watcher.over).toBe(false)
    expect(watcher.news.filter(({ type }) => type === 'call').length).toBeLessThan(36_000)
  })

  it('and reads nothing at all is dropped after ten seconds, with a bounded buffer', async () => {
    await using desk = await openDesk()
    const calls = Array.from({ length: 1000 }, (_, i) => `CA${i}`)
    for (const callId of calls) desk.desk.take(callId, answered(callId))
    const response = await desk.open('/api/board')
    response.pause()
    for (let ticks = 0; ticks < 100; ticks++) {
      for (const callId of calls) desk.desk.take(callId, turn)
      desk.clock.advance(250)
      await turnOfLoop()
    }
    const watcher = readNews(response)
    await until(() => watcher.over)
    // What was written is what the sockets took; of 30 MB.
    expect(watcher.bytes).toBeLessThan(15_000_000)
  })

  it('is one of a hundred at most', async () => {
    await using desk = await openDesk()
    const watching = await Promise.all(Array.from({ length: 100 }, () => desk.open('/api/board')))
    expect((await desk.ask('/api/board')).status).toBe(503)
    watching[0]?.destroy()
    await turnOfLoop()
    await until(() => watching[0]?.destroyed === true)
    let status: number | undefined
    for (let i = 0; i < 50 && status !== 200; i++) {
      const response = await desk.open('/api/board')
      status = response.statusCode
      response.destroy()
    }
    expect(status).toBe(200)
  })

  it('sees calls go that nobody carries any more, a minute after their process died', async () => {
    await using desk = await openDesk()
    desk.desk.take('CA1', answered('CA1'))
    desk.desk.take('CA2', answered('CA2'))
    desk.clock.advance(1000)
    desk.desk.take('CA2', turn)
    const { news } = readNews(await desk.open('/api/board'))
    // The house says of itself that it carries one.
    desk.clock.advance(58_000)
    await until(() => news.filter(({ type }) => type === 'health').length === 29)
    expect(news.some(({ type }) => type === 'gone')).toBe(false)
    desk.clock.advance(2500)
    await until(() => news.some(({ type }) => type === 'gone'))
    expect(news.find(({ type }) => type === 'gone')).toEqual({ type: 'gone', callId: 'CA1' })
  })

  it('comes again every 15 minutes when it is a proxy that says who it is', async () => {
    await using desk = await openDesk({ access: { userHeader: 'x-user', password: PASSWORD } })
    const vouched = readNews(await desk.open('/api/board', { headers: { 'x-user': 'ada' } }))
    const signedIn = readNews(await desk.open('/api/board', { headers: await desk.signIn() }))
    for (let s = 0; s < 15 * 60 - 5; s += 5) {
      desk.clock.advance(5000)
      await turnOfLoop()
    }
    desk.clock.advance(4999)
    await turnOfLoop()
    expect(vouched.over).toBe(false)
    desk.clock.advance(1)
    await until(() => vouched.over)
    expect(signedIn.over).toBe(false)
  })

  it('is let go when the house closes', async () => {
    await using desk = await openDesk()
    const watcher = readNews(await desk.open('/api/board'))
    await desk.desk[Symbol.asyncDispose]()
    await until(() => watcher.over)
    expect((await desk.ask('/api/board')).status).toBe(503)
  })
})
