import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Access, type AccessOptions } from '../../src/operator/access.ts'
import { Sessions } from '../../src/operator/sessions.ts'
import { type Asking, FILE, json, openDesk, PASSWORD } from './desk-rig.ts'

type Desk = Awaited<ReturnType<typeof openDesk>>

const command = { method: 'POST', headers: json, body: '{"type":"hang-up"}' }
const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' }

/** Everything that only operators may, and what it answers them. */
const routes: readonly (readonly [path: string, answer: number, asking?: Asking])[] = [
  ['/api/board', 200],
  ['/api/calls', 200],
  ['/api/calls/CA1', 200],
  ['/api/calls/CA1/events', 200],
  ['/api/calls/CA1/events.jsonl', 200],
  [`/api/calls/CA1/files/${FILE}`, 200],
  ['/api/trends', 200],
  ['/api/calls.csv', 200],
  ['/api/calls.jsonl', 200],
  ['/api/agents', 200],
  ['/api/nothing', 404],
  ['/api/calls/CA1/commands', 200, command],
  ['/api/calls/CA1/test', 201, { ...command, body: '{"name":"a-test","redact":true}' }],
  ['/api/phone/voice', 200, form],
  ['/api/phone/next', 204, form],
]
const sockets = ['/api/calls/CA1/audio', '/api/phone/media']

/** Who comes, by what they send; `in`: they are let in, else what they are answered. */
type Visitors = Readonly<Record<string, readonly [headers: Readonly<Record<string, string>>, answer: 'in' | 401 | 403]>>

const houses: Readonly<
  Record<string, { readonly access: Partial<AccessOptions>; readonly visitors: Visitors; readonly from?: string }>
> = {
  'without a password': {
    access: {},
    visitors: {
      'this machine': [{}, 'in'],
      'a tunnel': [{ 'x-forwarded-for': '203.0.113.7' }, 403],
      'another name for this machine': [{ host: 'rebound.example' }, 403],
      'a page of another site': [{ origin: 'http://evil.example' }, 403],
      'a page of another site, as its browser says': [{ 'sec-fetch-site': 'cross-site' }, 403],
      'a page at another port': [{ 'sec-fetch-site': 'same-site' }, 403],
      'a page of a rebound name': [
        { host: 'rebound.example', origin: 'http://rebound.example', 'sec-fetch-site': 'same-origin' },
        403,
      ],
      'somebody who makes a name up': [{ 'x-user': 'ada', 'x-forwarded-for': '203.0.113.7' }, 403],
    },
  },
  'without a password, behind a proxy': {
    access: { behindProxy: true },
    visitors: { 'this machine': [{}, 403], 'a tunnel': [{ 'x-forwarded-for': '203.0.113.7' }, 403] },
  },
  'with a password': {
    access: { password: PASSWORD, behindProxy: true },
    visitors: {
      'this machine': [{}, 401],
      'a made-up session': [{ cookie: `offhook_session=${'A'.repeat(43)}` }, 401],
      'an empty session': [{ cookie: 'offhook_session=' }, 401],
    },
  },
  'with a proxy that says who it is': {
    access: { userHeader: 'x-user', proxies: ['127.0.0.1'], behindProxy: true },
    visitors: {
      'the proxy, with a name': [{ 'x-user': 'ada@example.com', 'x-forwarded-for': '203.0.113.7' }, 'in'],
      'the proxy, without one': [{ 'x-forwarded-for': '203.0.113.7' }, 403],
      'the proxy, with an empty one': [{ 'x-user': ' ' }, 403],
      'the proxy, with a name without end': [{ 'x-user': 'a'.repeat(101) }, 403],
    },
  },
  'with both, a password and a proxy': {
    access: { password: PASSWORD, userHeader: 'x-user', proxies: ['127.0.0.1'], behindProxy: true },
    visitors: { 'the proxy, with a name': [{ 'x-user': 'ada' }, 'in'], 'the proxy, without one': [{}, 401] },
  },
  'with a proxy elsewhere': {
    ...{ access: { userHeader: 'x-user', proxies: ['127.0.0.3', '10.0.0.7'] }, from: '127.0.0.2' },
    visitors: { 'somebody who says to be ada': [{ 'x-user': 'ada' }, 403] },
  },
}

/** What somebody is answered at every door. */
async function knock(desk: Desk, headers: Readonly<Record<string, string>>, from = '127.0.0.1') {
  const answers: Record<string, number | undefined> = {}
  for (const [path, , asking] of routes) {
    const response = await desk.open(path, { ...asking, headers: { ...asking?.headers, ...headers }, from })
    response.destroy()
    answers[path] = response.statusCode
  }
  for (const path of sockets) answers[path] = await desk.upgrade(path, { headers, from })
  return answers
}

const expected = (answer: 'in' | number) => ({
  ...Object.fromEntries(routes.map(([path, open]) => [path, answer === 'in' ? open : answer])),
  ...Object.fromEntries(sockets.map((path) => [path, answer === 'in' ? 101 : answer])),
})

const saveAsTest = async () => ({ folder: 'fixtures/audio/calls/a-test' })

describe.each(Object.entries(houses))('a house %s', (_, { access, visitors, from }) => {
  it.each(Object.entries(visitors))('meets %s at every door', async (__, [headers, answer]) => {
    await using desk = await openDesk({ access, saveAsTest })
    expect(await knock(desk, headers, from)).toEqual(expected(answer))
  })
})

describe('an operator with a password', () => {
  it('gets a cookie that scripts cannot read and other sites cannot send, and comes in at every door', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD, secureCookie: true }, saveAsTest })
    const answer = await desk.post('/api/session', { password: PASSWORD })
    expect(JSON.parse(answer.text)).toEqual({ operator: 'operator', signIn: 'password' })
    const [cookie = ''] = answer.headers['set-cookie'] ?? []
    expect(cookie).toMatch(/^offhook_session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/)
    expect(await knock(desk, { cookie: `other=1; ${cookie.split(';', 1)[0]}` })).toEqual(expected('in'))
    expect(desk.deeds[0]).toEqual({ operator: 'operator', did: 'sign-in' })
  })

  it('is told what to do: who is signed in, and how one does', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD } })
    const info = async (headers = {}) => JSON.parse((await desk.ask('/api/session', { headers })).text)
    expect(await info()).toEqual({ signIn: 'password' })
    expect(await info(await desk.signIn())).toEqual({ signIn: 'password', operator: 'operator' })
    await using closed = await openDesk({ access: { behindProxy: true } })
    const { status, text } = await closed.ask('/api/session')
    expect([status, JSON.parse(text).error]).toEqual([403, expect.stringContaining('OPERATOR_PASSWORD')])
  })

  it('is nobody any more after signing out, and after twelve hours', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD } })
    const [one, other] = [await desk.signIn(), await desk.signIn()]
    const board = await desk.open('/api/board', { headers: one })
    const line = desk.socket('/api/calls/CA1/audio', one)
    const closed = new Promise((resolve) => line.once('close', resolve))
    await new Promise((resolve) => line.once('open', resolve))
    expect((await desk.ask('/api/session', { method: 'DELETE', headers: one })).status).toBe(204)
    // What was open by it ends with it.
    await board.resume().toArray()
    expect(await closed).toBe(1008)
    const status = async (headers: { readonly cookie: string }) => (await desk.ask('/api/agents', { headers })).status
    expect([await status(one), await status(other)]).toEqual([401, 200])
    desk.clock.advance(12 * 3_600_000 - 1)
    expect(await status(other)).toBe(200)
    desk.clock.advance(1)
    expect(await status(other)).toBe(401)
  })
})

describe('a request that changes something', () => {
  const attempts: Readonly<Record<string, readonly [Readonly<Record<string, string | undefined>>, number]>> = {
    'from our page': [{}, 200],
    'from our page behind a proxy that gives us another Host': [
      { origin: 'https://calls.example', 'sec-fetch-site': 'same-origin' },
      200,
    ],
    'from nobody knows where': [{ origin: undefined }, 403],
    'from another site': [{ origin: 'https://evil.example' }, 403],
    'from another site, whatever its Origin': [{ 'sec-fetch-site': 'cross-site' }, 403],
    'from an address bar': [{ 'sec-fetch-site': 'none' }, 403],
    'from a frame without an origin': [{ origin: 'null' }, 403],
    'from another port of this machine': [{ origin: 'http://127.0.0.1:1' }, 403],
    'as a form': [{ 'x-offhook': undefined, 'content-type': 'text/plain' }, 403],
    'as JSON without our header': [{ 'x-offhook': undefined }, 200],
  }

  it.each(Object.entries(attempts))('%s is taken, or is not', async (_, [headers, status]) => {
    await using desk = await openDesk({ access: { password: PASSWORD } })
    const signedIn = await desk.signIn()
    const answer = await desk.ask('/api/calls/CA1/commands', {
      ...command,
      headers: { ...json, ...signedIn, ...headers },
    })
    expect(answer.status).toBe(status)
    expect(desk.supervision.commands).toHaveLength(status === 200 ? 1 : 0)
  })

  it('is not a socket that another site opens', async () => {
    await using desk = await openDesk({ access: { password: PASSWORD } })
    const cookie = await desk.signIn()
    for (const path of sockets) {
      expect(await desk.upgrade(path, { headers: { ...cookie, origin: 'https://evil.example' } })).toBe(403)
      expect(await desk.upgrade(path, { headers: { ...cookie } })).toBe(101)
    }
  })

  it('may come through a proxy that gives us another Host, when the public address is known', async () => {
    const publicUrl = 'https://calls.example/'
    await using desk = await openDesk({ access: { password: PASSWORD, behindProxy: true, publicUrl } })
    const cookie = await desk.signIn()
    for (const path of sockets) {
      expect(await desk.upgrade(path, { headers: { ...cookie, origin: 'https://calls.example' } })).toBe(101)
      expect(await desk.upgrade(path, { headers: { ...cookie, origin: 'https://calls.example.evil' } })).toBe(403)
      expect(await desk.upgrade(path, { headers: { ...cookie, origin: 'http://calls.example' } })).toBe(403)
    }
  })
})

describe('a proxy', () => {
  it('is known by its address, however it is written', () => {
    using sessions = new Sessions(new ManualClock())
    const options = { proxies: ['10.0.0.7', 'fd00::1'], behindProxy: true, secureCookie: true, userHeader: 'x-user' }
    const access = new Access(options, sessions, new AbortController().signal)
    expect(['10.0.0.7', '::ffff:10.0.0.7', '::ffff:a00:7', 'fd00:0::1'].map((one) => access.isProxy(one))).toEqual(
      Array(4).fill(true),
    )
    expect(['10.0.0.8', '::ffff:10.0.0.8', '::a00:7', '', 'x', undefined].map((one) => access.isProxy(one))).toEqual(
      Array(6).fill(false),
    )
  })

  it('is not believed when it sends two names: one may be the visitor’s own', async () => {
    await using desk = await openDesk({ access: { userHeader: 'x-user', proxies: ['127.0.0.1'] } })
    const answer = await desk.ask('/api/agents', { headers: { 'x-user': ['mallory', 'ada'] } })
    expect(answer.status).toBe(403)
  })

  it('gives the name that is written down', async () => {
    await using desk = await openDesk({ access: { userHeader: 'x-user', proxies: ['127.0.0.1'] } })
    await desk.ask('/api/calls/CA1/commands', {
      ...command,
      headers: { ...json, 'x-user': Buffer.from('李雷').toString('latin1') },
    })
    expect(desk.deeds).toEqual([{ operator: '李雷', did: 'hang-up', callId: 'CA1', outcome: 'done' }])
  })
})
