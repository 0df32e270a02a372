import { describe, expect, it } from 'vitest'
import { httpToolSpec, makeHttpTool } from '../../src/tools/http-tool.ts'
import { type NetworkGuard, publicInternet } from '../../src/tools/https-text.ts'
import { makeContext, refusal } from '../tools/context.ts'
import { loopbackOnly, openHttpsServer } from '../tools/https-server.ts'

// What a model that is talked into things can do with the operator's HTTP tools: nothing but fill in what was declared.
// Each form of an address is in `tools/http-tool.test.ts`; here is the promise.

const parameters = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }
const declare = (url: string) =>
  httpToolSpec.parse({ name: 'look_up', description: 'Looks up.', parameters, url, method: 'GET' })
const ALLOWED_NOT = 'the service has an address that is not allowed'

/** What models have been talked into writing where an order number belongs. */
const evil = [
  ...['../../../admin', '..%2f..%2fadmin', '/etc/passwd', '//169.254.169.254/latest/meta-data', '\\\\10.0.0.1\\c$'],
  ...[
    '@127.0.0.1/',
    ':8080@[::1]/',
    '?admin=true',
    '#/../',
    '127.0.0.1',
    '2130706433',
    '0177.0.0.1',
    '%00',
    '\r\nHost: evil',
  ],
  ...['http://[::ffff:127.0.0.1]/', 'https://metadata.google.internal/', 'file:///etc/passwd', '{id}', '\u202e', ' '],
]

/** A network whose every name is this. */
const resolvesTo = (address: string): NetworkGuard => ({
  ...publicInternet,
  lookup: async () => [{ address, family: address.includes(':') ? 6 : 4 }],
})

describe.concurrent('a tool argument', () => {
  it('steers a request neither to another host nor to another path: it stays one piece of the one that was declared', async () => {
    await using server = await openHttpsServer((response) => response.writeHead(204).end())
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/orders/{id}/state`), { guard: loopbackOnly })
    for (const id of evil)
      await tool.run({ id, host: '10.0.0.1', url: 'https://10.0.0.1/' }, makeContext()).catch(() => {})
    expect(server.seen.length).toBeGreaterThan(5)
    for (const { url, headers } of server.seen) {
      expect(url).toMatch(/^\/orders\/[^/?#]+\/state$/)
      expect(url).not.toMatch(/\/(\.|%2e){1,2}\//i)
      expect(headers.host).toBe(`service.test:${server.port}`)
    }
  })

  it('reaches no private address by any name: what DNS says is looked at, and nothing is connected to', async () => {
    await using server = await openHttpsServer((response) => response.writeHead(204).end())
    const tool = (host: string, guard?: NetworkGuard) =>
      makeHttpTool(declare(`https://${host}:${server.port}/{id}`), guard === undefined ? {} : { guard })
    const hosts = [
      'localhost',
      '127.0.0.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '2130706433',
      '0177.0.0.1',
      '0x7f.1',
      '0.0.0.0',
    ]
    for (const host of hosts) expect([host, await refusal(tool(host), { id: 'a' })]).toEqual([host, ALLOWED_NOT])
    for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', '::ffff:7f00:1', 'fd00:ec2::254']) {
      expect([address, await refusal(tool('rebound.test', resolvesTo(address)), { id: 'a' })]).toEqual([
        address,
        ALLOWED_NOT,
      ])
    }
    expect(server.counts.connections).toBe(0)
  })

  it('is carried along no redirect, with the operator’s key in its headers', async () => {
    await using aim = await openHttpsServer((response) => response.writeHead(204).end())
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `https://127.0.0.1:${aim.port}/`
      await using server = await openHttpsServer((response) => response.writeHead(status, { location }).end())
      const tool = makeHttpTool(declare(`https://service.test:${server.port}/{id}`), { guard: loopbackOnly })
      expect(await refusal(tool, { id: 'a' })).toBe(`the service answered with status ${status}`)
    }
    expect(aim.counts.connections).toBe(0)
  })
})
