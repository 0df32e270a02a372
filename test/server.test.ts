import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { FormRequest, HttpReply, PageRoute, Visitor } from '../src/base/http.ts'
import { type Doors, startServer } from '../src/server.ts'
import { makeLogRecorder } from './fakes/log.ts'

interface Setup {
  readonly ready?: () => boolean
  readonly handle?: (request: FormRequest) => HttpReply
  readonly show?: PageRoute['show']
  readonly upgrade?: Doors['upgrades'][number]['upgrade']
}

async function open(setup: Setup = {}) {
  const {
    ready = () => true,
    handle = () => ({ status: 204 }),
    upgrade = () => {},
    show = () => ({ status: 204 }),
  } = setup
  const { log, records } = makeLogRecorder()
  const mounted: number[] = []
  const server = await startServer({
    ...{ port: 0, host: '127.0.0.1', ready, log },
    mount: (port) => {
      mounted.push(port)
      return {
        routes: [{ path: '/hook', handle }],
        upgrades: [{ path: '/media', upgrade }],
        pages: [{ path: '/page', show }],
        mounts: [],
      }
    },
  })
  const base = `http://127.0.0.1:${server.port}`
  return {
    ...{ base, mounted, records, port: server.port },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Writes to a bare socket and returns all that comes until its end. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(text)
  return readAll(socket)
}

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (data) => {
    text += String(data)
  })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

const upgradeRequest = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`

describe('an operator', () => {
  it('sees that the process lives, and whether it takes calls', async () => {
    let ready = true
    await using server = await open({ ready: () => ready })
    const health = await fetch(`${server.base}/healthz`)
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }])
    expect((await fetch(`${server.base}/readyz`)).status).toBe(200)
    ready = false
    expect((await fetch(`${server.base}/readyz`)).status).toBe(503)
    expect((await fetch(`${server.base}/healthz`)).status).toBe(200)
  })

  it('gets the port that was free', async () => {
    await using server = await open()
    expect(server.mounted).toEqual([server.port])
    expect(server.port).toBeGreaterThan(0)
  })

  it('is told when the port is taken', async () => {
    await using server = await open()
    const doors = { routes: [], upgrades: [], pages: [], mounts: [] }
    const options = { port: server.port, host: '127.0.0.1', ready: () => true, log: makeLogRecorder().log }
    await expect(startServer({ ...options, mount: () => doors })).rejects.toThrow('EADDRINUSE')
  })

  it('finds nothing listening when the doors could not be made', async () => {
    let port = 0
    const options = { port: 0, host: '127.0.0.1', ready: () => true, log: makeLogRecorder().log }
    const mount = (bound: number) => {
      port = bound
      throw new RangeError('no doors')
    }
    await expect(startServer({ ...options, mount })).rejects.toThrow('no doors')
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  })
})

describe('a webhook', () => {
  it('reaches its route as it was sent, with keys in brackets, repeated and empty ones', async () => {
    const seen: FormRequest[] = []
    await using server = await open({
      handle: (request) => {
        seen.push(request)
        return { status: 200, type: 'text/xml', body: '<Response/>' }
      },
    })
    const body = 'a%5Bb%5D=c&x=1&x=2&empty=&space=+b+&CallToken=%257B%2522'
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', 'x-twilio-signature': 's' }
    const reply = await fetch(`${server.base}/hook?q=%27a%27`, { method: 'POST', body, headers })
    expect([reply.status, await reply.text()]).toEqual([200, '<Response/>'])
    expect(reply.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    expect(reply.headers.get('x-powered-by')).toBeNull()
    expect(seen[0]).toMatchObject({ url: '/hook?q=%27a%27', remoteAddress: '127.0.0.1' })
    expect(seen[0]?.headers['x-twilio-signature']).toBe('s')
    expect({ ...seen[0]?.form }).toEqual({
      ...{ 'a[b]': 'c', x: ['1', '2'], empty: '', space: ' b ', CallToken: '%7B%22' },
    })
  })

  it('without a form reaches its route with an empty one', async () => {
    await using server = await open({ handle: ({ form }) => ({ status: 200, body: JSON.stringify(form) }) })
    const reply = await fetch(`${server.base}/hook`, { method: 'POST', body: '{"a":1}' })
    expect(await reply.text()).toBe('{}')
  })

  it.each([
    ['over 64 kB', 'x='.padEnd(70_000, 'y'), 413],
    ['of too many parameters', 'a=1&'.repeat(1001), 413],
  ])('%s is refused', async (_, body, status) => {
    await using server = await open()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await fetch(`${server.base}/hook`, { method: 'POST', body, headers })
    expect([reply.status, await reply.json()]).toEqual([status, { error: 'bad request' }])
  })

  it('that fails here gets 500 without a word of why', async () => {
    await using server = await open({
      handle: () => {
        throw new Error('secret detail')
      },
    })
    const reply = await fetch(`${server.base}/hook`, { method: 'POST' })
    expect([reply.status, await reply.text()]).toEqual([500, '{"error":"internal error"}'])
    expect(server.records).toContainEqual(expect.objectContaining({ level: 'error', message: 'a request failed' }))
  })
})

describe('a page', () => {
  it('is shown to who asks for it, by GET only, with who that is', async () => {
    const seen: Visitor[] = []
    const show = async (visitor: Visitor) => {
      seen.push(visitor)
      return { status: 200, type: 'text/plain; version=0.0.4', body: 'up 1' }
    }
    await using server = await open({ show })
    const reply = await fetch(`${server.base}/page`, { headers: { authorization: 'Bearer t' } })
    expect([reply.status, await reply.text()]).toEqual([200, 'up 1'])
    expect(reply.headers.get('content-type')).toContain('version=0.0.4')
    expect(seen).toMatchObject([{ headers: { authorization: 'Bearer t' }, remoteAddress: '127.0.0.1' }])
    expect((await fetch(`${server.base}/page`, { method: 'POST' })).status).toBe(404)
  })

  it('that fails here gets 500 without a word of why', async () => {
    const show = () => Promise.reject(new Error('secret detail'))
    await using server = await open({ show })
    const reply = await fetch(`${server.base}/page`)
    expect([reply.status, await reply.text()]).toEqual([500, '{"error":"internal error"}'])
  })
})

describe('a stranger', () => {
  it('gets 404 for what is not there, and for the wrong method', async () => {
    await using server = await open()
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/hook'],
      ['POST', '/hooks'],
      ['GET', '/media'],
      ['PUT', '/hook'],
    ]) {
      const reply = await fetch(server.base + path, { method: method ?? '' })
      expect([reply.status, await reply.json()], `${method} ${path}`).toEqual([404, { error: 'not found' }])
    }
  })

  it('gets 400 for what is no HTTP', async () => {
    await using server = await open()
    expect(await exchange(server.port, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
    expect(await exchange(server.port, '\x16\x03\x01\x02\x00\x01\x00')).toMatch(/^HTTP\/1.1 400 /)
    expect((await fetch(`${server.base}/%E0%A4%A`)).status).toBeLessThan(500)
    expect((await fetch(`${server.base}/healthz`)).status).toBe(200)
  })

  it('gets 404 for a socket that nobody waits for, and it is closed', async () => {
    await using server = await open()
    for (const path of ['/', '/media2', '/media/x', '//media', '/%6dedia']) {
      expect(await exchange(server.port, upgradeRequest(path)), path).toMatch(/^HTTP\/1.1 404 Not Found\r\n/)
    }
  })

  it('cannot keep a refused socket half open', async () => {
    await using server = await open()
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    socket.write(upgradeRequest('/nothing'))
    socket.resume()
    await new Promise((resolve) => socket.once('end', resolve))
    const broken = new Promise((resolve) => socket.once('close', resolve))
    const prod = setInterval(() => socket.write('x'), 5)
    await broken
    clearInterval(prod)
  })

  it('breaks nothing by going away in the middle', async () => {
    await using server = await open({ upgrade: (_request, socket) => socket.destroy() })
    for (const text of ['POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc', upgradeRequest('/media')]) {
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(text)
      socket.resetAndDestroy()
      await once(socket, 'close')
    }
    expect((await fetch(`${server.base}/healthz`)).status).toBe(200)
  })
})

describe('a media socket', () => {
  it('reaches its door, with a trailing slash and with a query too', async () => {
    const seen: (string | undefined)[] = []
    await using server = await open({
      upgrade: (request, socket) => {
        seen.push(request.url)
        socket.end('HTTP/1.1 101 Hello\r\n\r\n')
      },
    })
    for (const path of ['/media', '/media/', '/media?x=1']) await exchange(server.port, upgradeRequest(path))
    expect(seen).toEqual(['/media', '/media/', '/media?x=1'])
  })

  it('reaches its door with one number behind the path, and with nothing else', async () => {
    const seen: (string | undefined)[] = []
    await using server = await open({
      upgrade: (request, socket) => {
        seen.push(request.url)
        socket.end('HTTP/1.1 101 Hello\r\n\r\n')
      },
    })
    for (const path of ['/media/2', '/media/12/']) await exchange(server.port, upgradeRequest(path))
    for (const path of ['/media/1/2', '/media/-1', '/media/12345', '/media//2', '/2', '/media2'])
      expect(await exchange(server.port, upgradeRequest(path)), path).toMatch(/^HTTP\/1.1 404 /)
    expect(seen).toEqual(['/media/2', '/media/12/'])
  })

  it('that breaks while its door holds it does not end the process', async () => {
    const held = Promise.withResolvers<void>()
    await using server = await open({
      upgrade: (_request, socket) => {
        socket.destroy(new Error('broken'))
        held.resolve()
      },
    })
    await exchange(server.port, upgradeRequest('/media'))
    await held.promise
    expect((await fetch(`${server.base}/healthz`)).status).toBe(200)
  })
})

it('closing ends idle connections at once, and what hangs within a second', async () => {
  const upgraded = Promise.withResolvers<void>()
  const server = await open({ upgrade: () => upgraded.resolve() })
  await fetch(`${server.base}/healthz`)
  const half = connect(server.port, '127.0.0.1')
  half.write('POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
  const held = connect(server.port, '127.0.0.1')
  held.write(upgradeRequest('/media'))
  await Promise.all([once(half, 'connect'), upgraded.promise])
  const ends = Promise.all([readAll(half), readAll(held)])
  const startMs = performance.now()
  await server[Symbol.asyncDispose]()
  expect(performance.now() - startMs).toBeLessThan(1900)
  await ends
  await expect(fetch(`${server.base}/healthz`)).rejects.toThrow()
})
