import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { sign } from '../../../src/simulators/carrier/signature.ts'
import { WebhookClient } from '../../../src/simulators/carrier/webhook.ts'
import { TinyServer } from './tiny-server.ts'

const never = new AbortController().signal
const client = (options: { authToken?: string; route?: (url: string) => string; clock?: ManualClock } = {}) =>
  new WebhookClient({
    clock: options.clock ?? systemClock,
    authToken: options.authToken,
    route: options.route ?? ((url) => url),
  })

test('a webhook is a form with the headers of the real client, signed for its public URL and sent to the local one', async () => {
  await using server = await TinyServer.listen()
  server.twiml('/voice', '')
  const route = (url: string) => url.replace('https://pub.example.com:8443', server.url)
  const url = 'https://pub.example.com:8443/voice?a=%27#rc=2'
  const reply = await client({ authToken: '12345', route }).request(url, 'POST', { B: 'ü &', A: '' }, never)
  expect(reply).toMatchObject({ status: 200, contentType: 'text/xml' })
  const [seen] = server.seen
  expect(seen?.request.url).toBe('/voice?a=%27')
  expect(seen?.body).toBe('B=%C3%BC+%26&A=')
  expect(seen?.request.headers).toEqual({
    host: 'pub.example.com:8443',
    'user-agent': 'TwilioProxy/1.1',
    accept: '*/*',
    'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
    'content-length': '15',
    'x-home-region': 'us1',
    'x-twilio-signature': sign('12345', 'https://pub.example.com/voice?a=%27', { A: '', B: 'ü &' }),
    'i-twilio-idempotency-token': expect.stringMatching(/^[0-9a-f-]{36}$/),
    connection: 'close',
  })
})

test('a GET carries the form in its query, and the signature covers it', async () => {
  await using server = await TinyServer.listen()
  server.twiml('/next', '')
  await client({ authToken: 't' }).request(`${server.url}/next?a=1`, 'GET', { B: '2' }, never)
  expect(server.seen[0]?.request.url).toBe('/next?a=1&B=2')
  expect(server.seen[0]?.request.headers['x-twilio-signature']).toBe(sign('t', `${server.url}/next?a=1&B=2`))
})

test('cookies of one answer come with the next request, until they are deleted', async () => {
  await using server = await TinyServer.listen()
  server.on('/set', (_, response) =>
    response.writeHead(200, { 'set-cookie': ['a=1; Path=/', 'b=2'], 'content-type': 'text/xml' }).end(),
  )
  server.on('/unset', (_, response) => response.writeHead(200, { 'set-cookie': 'a=; Max-Age=0' }).end())
  const one = client()
  for (const path of ['/set', '/unset', '/last']) await one.request(server.url + path, 'POST', {}, never)
  expect(server.seen.map((seen) => seen.request.headers.cookie)).toEqual([undefined, 'a=1; b=2', 'b=2'])
})

test('a 307 is followed with the same POST and token, a 302 with a GET, and an endless chain is error 11215', async () => {
  await using server = await TinyServer.listen()
  server.on('/a', (_, response) => response.writeHead(307, { location: '/b' }).end())
  server.on('/b', (_, response) => response.writeHead(302, { location: '/c' }).end())
  server.twiml('/c', '')
  server.on('/loop', (_, response) => response.writeHead(307, { location: '/loop' }).end())
  const reply = await client().request(`${server.url}/a`, 'POST', { X: '1' }, never)
  expect(reply.url).toBe(`${server.url}/c`)
  expect(server.seen.map((seen) => `${seen.request.method} ${seen.path} ${seen.body}`)).toEqual([
    'POST /a X=1',
    'POST /b X=1',
    'GET /c ',
  ])
  expect(new Set(server.seen.map((seen) => seen.request.headers['i-twilio-idempotency-token'])).size).toBe(1)
  await expect(client().request(`${server.url}/loop`, 'POST', {}, never)).rejects.toMatchObject({ code: 11215 })
  expect(server.forms('/loop')).toHaveLength(11)
})

test('an answer of more than 64 kB is error 11750, one of 64 kB is read', async () => {
  await using server = await TinyServer.listen()
  server.on('/big', (_, response) => response.end('x'.repeat(65_537)))
  server.on('/most', (_, response) => response.end('x'.repeat(65_536)))
  await expect(client().request(`${server.url}/big`, 'POST', {}, never)).rejects.toMatchObject({ code: 11750 })
  expect((await client().request(`${server.url}/most`, 'POST', {}, never)).body).toHaveLength(65_536)
})

test('a server that does not answer is given up after 15 s: error 11205', async () => {
  await using server = await TinyServer.listen()
  const clock = new ManualClock()
  const asked = Promise.withResolvers<void>()
  server.on('/slow', () => asked.resolve())
  const reply = client({ clock }).request(`${server.url}/slow`, 'POST', {}, never)
  await asked.promise
  clock.advance(14_999)
  clock.advance(1)
  await expect(reply).rejects.toMatchObject({ code: 11205 })
  expect(server.seen).toHaveLength(1)
})

test('a port where nobody listens is error 11205', async () => {
  const server = await TinyServer.listen()
  const { url } = server
  await server[Symbol.asyncDispose]()
  await expect(client().request(`${url}/voice`, 'POST', {}, never)).rejects.toMatchObject({ code: 11205 })
})

test('a request is dropped when the call is over', async () => {
  await using server = await TinyServer.listen()
  const over = new AbortController()
  server.on('/slow', () => over.abort(new Error('over')))
  await expect(client().request(`${server.url}/slow`, 'POST', {}, over.signal)).rejects.toThrow('over')
})
