import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { httpToolSpec, makeHttpTool } from '../../src/tools/http-tool.ts'
import { publicInternet } from '../../src/tools/https-text.ts'
import { makeContext, refusal } from './context.ts'
import { loopbackOnly, openHttpsServer } from './https-server.ts'

const parameters = {
  type: 'object',
  properties: { id: { type: 'string' }, note: { type: 'string' }, size: { type: 'number' } },
  required: ['id'],
}

function declare(url: string, more: Record<string, unknown> = {}) {
  return httpToolSpec.parse({ name: 'orders', description: 'Looks up an order.', parameters, url, ...more })
}

const args = { id: 'a b', note: 'two words', size: 2 }

describe('an HTTP tool', () => {
  it('posts its arguments as JSON, without those in the address, and gives the answer to the model', async () => {
    await using server = await openHttpsServer((response) => {
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end('{"status":"shipped"}')
    })
    const spec = declare(`https://api.service.test:${server.port}/orders/{id}`, { headers: { 'X-Key': 'k-1' } })
    const tool = makeHttpTool(spec, { guard: loopbackOnly })
    expect(await tool.run(args, makeContext())).toBe('{"status":"shipped"}')
    expect(server.seen).toMatchObject([{ method: 'POST', url: '/orders/a%20b', body: '{"note":"two words","size":2}' }])
    expect(server.seen[0]?.headers).toMatchObject({
      host: `api.service.test:${server.port}`,
      'x-key': 'k-1',
      'content-type': 'application/json',
    })
    expect(tool.declaration).toEqual({ name: 'orders', description: 'Looks up an order.', parameters })
    expect(tool.deadlineMs).toBeGreaterThan(spec.timeoutMs)
  })

  it('asks with its arguments in the query', async () => {
    await using server = await openHttpsServer((response) => response.writeHead(204).end())
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/o?v=1&id={id}`, { method: 'GET' }), {
      guard: loopbackOnly,
    })
    expect(await tool.run(args, makeContext())).toContain('nothing to say')
    expect(server.seen).toMatchObject([{ method: 'GET', url: '/o?v=1&id=a+b&note=two+words&size=2', body: '' }])
  })

  it('sends no argument that the operator did not declare', async () => {
    await using server = await openHttpsServer((response) => response.writeHead(204).end())
    const url = `https://service.test:${server.port}/?key=k-1`
    const more = { ...args, key: 'k-2', admin: true, constructor: 1 }
    await makeHttpTool(declare(url, { method: 'GET' }), { guard: loopbackOnly }).run(more, makeContext())
    await makeHttpTool(declare(url), { guard: loopbackOnly }).run(more, makeContext())
    expect(server.seen.map((one) => one.url)).toEqual(['/?key=k-1&id=a+b&note=two+words&size=2', '/?key=k-1'])
    expect(server.seen[1]?.body).toBe('{"id":"a b","note":"two words","size":2}')
  })

  it('asks no address of any length', async () => {
    const tool = makeHttpTool(declare('https://service.test/', { method: 'GET' }), { guard: loopbackOnly })
    expect(await refusal(tool, { id: 'a'.repeat(3000) })).toBe('the arguments are too long')
    const poster = makeHttpTool(declare('https://service.test/'), { guard: loopbackOnly })
    expect(await refusal(poster, { id: 'a'.repeat(70_000) })).toBe('the arguments are too long')
  })

  it('leaves no connection open', async () => {
    await using server = await openHttpsServer((response) => response.setHeader('content-type', 'text/plain').end('a'))
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: loopbackOnly })
    await tool.run({ id: 'a' }, makeContext())
    await tool.run({ id: 'a' }, makeContext())
    expect(server.counts.connections).toBe(2)
  })
})

describe('where an HTTP tool may go', () => {
  it.each([
    '127.0.0.1',
    '[::1]',
    '10.0.0.1',
    '192.168.0.1',
    '172.16.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '[::ffff:10.0.0.1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '0.0.0.0',
    '[::]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '224.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    'localhost',
  ])('is not %s', async (host) => {
    await using server = await openHttpsServer((response) => response.end())
    const tool = makeHttpTool(declare(`https://${host}:${server.port}/`))
    expect(await refusal(tool, { id: 'a' })).toBe('the service has an address that is not allowed')
    expect(server.counts.connections).toBe(0)
  })

  it.each([
    [['10.1.2.3']],
    [['169.254.169.254']],
    [['::ffff:127.0.0.1']],
    [['1.1.1.1', '127.0.0.1']],
    [['127.0.0.1', '1.1.1.1']],
    [[]],
  ])('is not a name that resolves to %j', async (addresses) => {
    await using server = await openHttpsServer((response) => response.end())
    const lookup = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: { ...publicInternet, lookup } })
    expect(await refusal(tool, { id: 'a' })).toBe('the service has an address that is not allowed')
    expect(server.counts.connections).toBe(0)
  })

  it('is no address that the resolver would hide', async () => {
    await using server = await openHttpsServer((response) => response.end())
    const lookup = async () => [{ address: '1.1.1.1', family: 4 }]
    const tool = makeHttpTool(declare(`https://127.0.0.1:${server.port}/`), { guard: { ...publicInternet, lookup } })
    expect(await refusal(tool, { id: 'a' })).toBe('the service has an address that is not allowed')
    expect(server.counts.connections).toBe(0)
  })

  it('is the very address that was checked: the name is not resolved again', async () => {
    await using server = await openHttpsServer((response) => response.setHeader('content-type', 'text/plain').end('a'))
    const answers = ['127.0.0.1', '169.254.169.254', '169.254.169.254']
    let asked = 0
    const lookup = async () => [{ address: answers[asked++] ?? '', family: 4 }]
    // No resolver knows the name: whoever asked one would fail.
    const tool = makeHttpTool(declare(`https://rebound.service.test:${server.port}/`), {
      guard: { ...loopbackOnly, lookup },
    })
    expect(await tool.run({ id: 'a' }, makeContext())).toBe('a')
    expect(asked).toBe(1)
  })

  it.each([301, 302, 303, 307, 308])('is not where an answer of %i points', async (status) => {
    await using inside = await openHttpsServer((response) => response.end('secret'))
    await using server = await openHttpsServer((response) => {
      response.writeHead(status, { location: `https://service.test:${inside.port}/` }).end()
    })
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: loopbackOnly })
    expect(await refusal(tool, { id: 'a' })).toBe(`the service answered with status ${status}`)
    expect(server.seen).toHaveLength(1)
    expect(inside.counts.connections).toBe(0)
  })

  it('is no server without a certificate for its name', async () => {
    await using server = await openHttpsServer((response) => response.end('secret'))
    const stranger = makeHttpTool(declare(`https://another.example:${server.port}/`), { guard: loopbackOnly })
    expect(await refusal(stranger, { id: 'a' })).toBe('the service could not be reached')
    const { ca: _ca, ...trusting } = loopbackOnly
    const unknown = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: trusting })
    expect(await refusal(unknown, { id: 'a' })).toBe('the service could not be reached')
    expect(server.seen).toEqual([])
  })
})

describe('what an HTTP tool gives the model', () => {
  async function ask(type: string, body: string | Buffer, more: { encoding?: string; maxBytes?: number } = {}) {
    await using server = await openHttpsServer((response) => {
      if (type !== '') response.setHeader('content-type', type)
      if (more.encoding !== undefined) response.setHeader('content-encoding', more.encoding)
      response.end(body)
    })
    const spec = declare(`https://service.test:${server.port}/`, { maxBytes: more.maxBytes ?? 64 })
    const run = makeHttpTool(spec, { guard: loopbackOnly }).run({ id: 'a' }, makeContext())
    return await run.catch((error: Error) => `${error.name}: ${error.message}`)
  }

  it('is text', async () => {
    expect(await ask('text/html', '<p>a</p>')).toBe('<p>a</p>')
    expect(await ask('application/problem+json', '{}')).toBe('{}')
    expect(await ask('text/plain; charset=iso-8859-1', Buffer.from([0x67, 0xfc, 0x6e]))).toBe('gün')
    expect(await ask('text/plain; charset=nonsense', 'gün')).toBe('gün')
  })

  it.each(['image/png', 'application/octet-stream', 'application/jsonp', 'application/pdf', ''])(
    'is nothing of type %j',
    async (type) => {
      expect(await ask(type, 'a')).toBe('ToolError: the service answered with something that is no text')
    },
  )

  it('is cut between characters, with a note', async () => {
    expect(await ask('text/plain', 'ü'.repeat(32))).toBe('ü'.repeat(32))
    expect(await ask('text/plain', `a${'ü'.repeat(32)}`)).toBe(
      `a${'ü'.repeat(31)}\n[cut: the answer is longer than 64 bytes]`,
    )
  })

  it('is unpacked, and cut while it is', async () => {
    expect(await ask('text/plain', gzipSync('packed'), { encoding: 'gzip' })).toBe('packed')
    expect(await ask('text/plain', gzipSync(Buffer.alloc(50_000_000, 'a')), { encoding: 'gzip' })).toBe(
      `${'a'.repeat(64)}\n[cut: the answer is longer than 64 bytes]`,
    )
    expect(await ask('text/plain', 'no gzip', { encoding: 'gzip' })).toBe('ToolError: the service could not be reached')
    expect(await ask('text/plain', 'a', { encoding: 'zstd' })).toContain('packing')
  })

  it('does not read on what it has cut', async () => {
    let written = 0
    await using server = await openHttpsServer((response) => {
      response.setHeader('content-type', 'text/plain')
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'a'))) written++
      }
      response.on('drain', more)
      more()
    })
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: loopbackOnly })
    expect(await tool.run({ id: 'a' }, makeContext())).toContain('[cut: ')
    await expect.poll(() => server.counts.closedEarly).toBe(1)
    expect(written).toBeLessThan(1000)
  })

  it.each([400, 401, 404, 500, 503])('of a failure is the status %i alone', async (status) => {
    await using server = await openHttpsServer((response) => response.writeHead(status).end('key k-1 is wrong'))
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: loopbackOnly })
    expect(await refusal(tool, { id: 'a' })).toBe(`the service answered with status ${status}`)
  })
})

describe('an HTTP tool that has read enough', () => {
  it.each([
    ['a failure', 500, 'text/plain'],
    ['no text', 200, 'image/png'],
  ])('closes the connection: %s', async (_what, status, type) => {
    await using server = await openHttpsServer((response) => {
      response.writeHead(status, { 'content-type': type }).write('and so on')
    })
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: loopbackOnly })
    await refusal(tool, { id: 'a' })
    await expect.poll(() => server.counts.closedEarly).toBe(1)
  })
})

describe('the time of an HTTP tool', () => {
  it.each(['nothing', 'headers', 'a byte now and then'])('ends while the server sends %s', async (what) => {
    const clock = new ManualClock()
    await using server = await openHttpsServer((response) => {
      if (what !== 'nothing') response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders()
      if (what.startsWith('a byte')) response.write('a')
    })
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: loopbackOnly, clock })
    const told = refusal(tool, { id: 'a' })
    await server.arrived
    clock.advance(5000)
    expect(await told).toBe('the service did not answer in time')
    await expect.poll(() => server.counts.closedEarly).toBe(1)
  })

  it('ends while the name is looked up', async () => {
    const clock = new ManualClock()
    const lookup = () => new Promise<never>(() => {})
    const tool = makeHttpTool(declare('https://service.test/'), { guard: { ...loopbackOnly, lookup }, clock })
    const told = refusal(tool, { id: 'a' })
    clock.advance(5000)
    expect(await told).toBe('the service did not answer in time')
  })

  it('ends with the call', async () => {
    await using server = await openHttpsServer(() => {})
    const call = new AbortController()
    const tool = makeHttpTool(declare(`https://service.test:${server.port}/`), { guard: loopbackOnly })
    const run = tool.run({ id: 'a' }, makeContext({ signal: call.signal }))
    await server.arrived
    call.abort(new Error('the call is over'))
    await expect(run).rejects.toThrow('the call is over')
    await expect.poll(() => server.counts.closedEarly).toBe(1)
  })
})

describe('the declaration of an HTTP tool', () => {
  it.each([
    ['url', { url: 'http://api.example.com/{id}' }],
    ['url', { url: 'https://{id}.example.com/' }],
    ['url', { url: 'https://api.example.com/{note}' }],
    ['url', { url: 'https://api.example.com/{unknown}' }],
    ['url', { method: 'GET', url: 'https://api.example.com/?note=1' }],
    ['url', { allowedHosts: ['example.com'] }],
    ['name', { name: 'two words' }],
    ['parameters', { parameters: { type: 'string' } }],
    ['parameters', { parameters: { type: 'object', properties: { id: { $ref: 'https://a.example/x' } } } }],
    ['headers', { headers: { 'x-key': 'a\r\nx-more: b' } }],
    ['headers', { headers: { Host: 'inside.example.com' } }],
    ['timeoutMs', { timeoutMs: 30_001 }],
    ['maxBytes', { maxBytes: 0 }],
    ['method', { method: 'DELETE' }],
  ])('is refused for its %s: %j', (field, more) => {
    const good = { name: 'a', description: 'a', parameters, url: 'https://api.example.com/{id}' }
    expect(httpToolSpec.safeParse(good).success).toBe(true)
    const issues = httpToolSpec.safeParse({ ...good, ...more }).error?.issues ?? []
    expect(issues.map((issue) => issue.path[0])).toContain(field)
  })

  it('takes its own host among the allowed ones', () => {
    expect(declare('https://API.example.com/', { allowedHosts: ['api.Example.com'] }).method).toBe('POST')
  })
})
