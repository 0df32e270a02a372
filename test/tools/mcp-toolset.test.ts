import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { Tool } from '../../src/call/tool.ts'
import { makeArgumentCheck } from '../../src/tools/check-arguments.ts'
import { mcpServerSpec, openMcpToolset } from '../../src/tools/mcp-toolset.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { makeContext, refusal } from './context.ts'
import { openMcpServer, serverWith } from './mcp-server.ts'

function open(url: string, more: Record<string, unknown> = {}) {
  const clock = new ManualClock()
  const { log, records } = makeLogRecorder()
  const toolset = openMcpToolset(mcpServerSpec.parse({ name: 'desk', url, ...more }), { log, clock })
  return { toolset, clock, records }
}

function named(tools: readonly Tool[], name: string): Tool {
  const tool = tools.find((one) => one.declaration.name === name)
  if (tool === undefined) throw new Error(`no tool ${name}`)
  return tool
}

const add = (server: McpServer) =>
  server.registerTool(
    'add',
    { description: 'Adds two numbers.', inputSchema: { a: z.number(), b: z.number() } },
    async ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }] }),
  )

/** A server that says literally these tools, and answers each call with `result`. */
function sayingTools(pages: readonly (readonly Record<string, unknown>[])[], result: Record<string, unknown> = {}) {
  return () => {
    const server = new Server({ name: 'of-a-test', version: '1' }, { capabilities: { tools: {} } })
    server.setRequestHandler(ListToolsRequestSchema, async ({ params }) => {
      const page = Number(params?.cursor ?? 0)
      const next = page + 1 < pages.length ? { nextCursor: `${page + 1}` } : {}
      return { tools: pages[page] ?? [], ...next } as never
    })
    server.setRequestHandler(CallToolRequestSchema, async () => ({ content: [], ...result }) as never)
    return server
  }
}

const plain = (name: string) => ({ name, inputSchema: { type: 'object' } })

describe('the tools of an MCP server', () => {
  it('are listed, checked and called', async () => {
    await using server = await openMcpServer(serverWith(add))
    const { toolset } = open(server.url, { headers: { 'x-key': 'k-1' } })
    await using _ = toolset
    expect(toolset.tools).toEqual([])
    await toolset.ready
    const tool = named(toolset.tools, 'add')
    expect(tool.declaration.description).toBe('Adds two numbers.')
    expect(makeArgumentCheck()(tool.declaration, { a: 1, b: 'x' })).toBe('b: expected number, got "x"')
    expect(await tool.run({ a: 1, b: 2 }, makeContext())).toBe('3')
    expect(server.headers.every((headers) => headers['x-key'] === 'k-1')).toBe(true)
  })

  it('come in several pages', async () => {
    await using server = await openMcpServer(sayingTools([[plain('a')], [plain('b')], [plain('c')]]))
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    expect(toolset.tools.map((tool) => tool.declaration.name)).toEqual(['a', 'b', 'c'])
  })

  it('are only those that the operator allows, when some are named', async () => {
    await using server = await openMcpServer(sayingTools([[plain('a'), plain('b'), plain('c')]]))
    const { toolset } = open(server.url, { allowedTools: ['b'] })
    await using _ = toolset
    await toolset.ready
    expect(toolset.tools.map((tool) => tool.declaration.name)).toEqual(['b'])
  })

  it('are refused with a name, a schema or a number that no model takes', async () => {
    const many = Array.from({ length: 200 }, (_, index) => plain(`tool_${index}`))
    const bad = [
      plain('two words'),
      plain('a'.repeat(65)),
      plain(''),
      { name: 'a', inputSchema: { type: 'object', properties: { a: { $ref: 'https://example.com/x' } } } },
      { ...plain('b'), execution: { taskSupport: 'required' } },
    ]
    await using server = await openMcpServer(sayingTools([[...bad, plain('c'), plain('c'), ...many]]))
    const { toolset, records } = open(server.url)
    await using _ = toolset
    await toolset.ready
    expect(toolset.tools).toHaveLength(128)
    expect(toolset.tools.slice(0, 2).map((tool) => tool.declaration.name)).toEqual(['c', 'tool_0'])
    expect(records.find((record) => record.level === 'warn')?.fields).toMatchObject({ mcpServer: 'desk', refused: 79 })
  })

  it('follow when the server changes them; those that did not change stay', async () => {
    const made: McpServer[] = []
    await using server = await openMcpServer(
      serverWith((one) => {
        add(one)
        made.push(one)
      }),
    )
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    const before = named(toolset.tools, 'add')
    await expect.poll(() => server.asked).toContain('GET')
    made[0]?.registerTool('now', {}, async () => ({ content: [{ type: 'text', text: 'late' }] }))
    await expect.poll(() => toolset.tools.length).toBe(2)
    expect(named(toolset.tools, 'add')).toBe(before)
    expect(await named(toolset.tools, 'now').run({}, makeContext())).toBe('late')
  })
})

describe('the result of an MCP tool', () => {
  async function call(result: Record<string, unknown>) {
    await using server = await openMcpServer(sayingTools([[plain('a')]], result))
    const { toolset, records } = open(server.url, { maxBytes: 64 })
    await using _ = toolset
    await toolset.ready
    const told = await named(toolset.tools, 'a')
      .run({}, makeContext())
      .catch((error: Error) => `${error.name}: ${error.message}`)
    expect(JSON.stringify(records)).not.toContain('secret')
    return told
  }
  const text = (words: string) => ({ type: 'text', text: words })

  it('is its text', async () => {
    expect(await call({ content: [text('one secret'), text('two')] })).toBe('one secret\ntwo')
    expect(await call({ content: [text('a'), { type: 'image', data: 'AAAA', mimeType: 'image/png' }] })).toBe(
      'a\n[image left out]',
    )
    expect(await call({ content: [{ type: 'resource', resource: { uri: 'file:///a', text: 'inside' } }] })).toBe(
      'inside',
    )
    expect(await call({ structuredContent: { sum: 3 } })).toBe('{"sum":3}')
    expect(await call({})).toContain('nothing to say')
  })

  it('is cut when it is long', async () => {
    expect(await call({ content: [text('ü'.repeat(40))] })).toBe(
      `${'ü'.repeat(32)}\n[cut: the answer is longer than 64 bytes]`,
    )
  })

  it('is a short error when the tool says that it failed', async () => {
    expect(await call({ isError: true, content: [text('no such\n\torder')] })).toBe('ToolError: no such order')
    expect(await call({ isError: true })).toBe('ToolError: the tool failed')
    expect((await call({ isError: true, content: [text('long '.repeat(100))] }))?.toString().length).toBeLessThan(220)
  })
})

describe('a failing MCP server', () => {
  it('gives the model a short error when it refuses', async () => {
    let status = 0
    await using server = await openMcpServer(serverWith(add), {
      intercept: (asked, response) => {
        if (asked !== 'POST tools/call' || status === 0) return false
        response.writeHead(status).end('the key k-1 is wrong')
        return true
      },
    })
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    const tool = named(toolset.tools, 'add')
    for (status of [401, 500]) {
      expect(await refusal(tool, { a: 1, b: 2 })).toBe(`the service answered with status ${status}`)
    }
    status = 0
    expect(await refusal(tool, { a: 'x' })).toMatch(/^(?!MCP error).{1,200}$/)
    expect(await tool.run({ a: 1, b: 2 }, makeContext())).toBe('3')
  })

  it('is not waited for beyond the deadline, and is told to stop', async () => {
    const running = Promise.withResolvers<void>()
    const stopped = Promise.withResolvers<void>()
    await using server = await openMcpServer(
      serverWith((one) =>
        one.registerTool('slow', {}, async ({ signal }) => {
          running.resolve()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          stopped.resolve()
          return { content: [] }
        }),
      ),
    )
    const { toolset, clock } = open(server.url, { timeoutMs: 3000 })
    await using _ = toolset
    await toolset.ready
    const told = refusal(named(toolset.tools, 'slow'), {})
    await running.promise
    clock.advance(3000)
    expect(await told).toBe('the service did not answer in time')
    await stopped.promise
  })

  it('lets a call end in the middle of a tool', async () => {
    const running = Promise.withResolvers<void>()
    await using server = await openMcpServer(
      serverWith((one) =>
        one.registerTool('slow', {}, () => {
          running.resolve()
          return new Promise<never>(() => {})
        }),
      ),
    )
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    const call = new AbortController()
    const run = named(toolset.tools, 'slow').run({}, makeContext({ signal: call.signal }))
    await running.promise
    call.abort(new Error('the call is over'))
    await expect(run).rejects.toThrow('the call is over')
  })

  it('is connected to again when it has forgotten the session, and each tool runs once', async () => {
    await using server = await openMcpServer(serverWith(add))
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    const tool = named(toolset.tools, 'add')
    server.sessions.clear()
    const sums = await Promise.all([tool.run({ a: 1, b: 2 }, makeContext()), tool.run({ a: 3, b: 4 }, makeContext())])
    expect(sums).toEqual(['3', '7'])
    expect(server.asked.filter((asked) => asked === 'POST initialize')).toHaveLength(2)
    expect(server.sessions.size).toBe(1)
  })

  it('fails a tool at once while it is gone, and serves the next when it is back', async () => {
    const first = await openMcpServer(serverWith(add))
    const { toolset } = open(first.url)
    await using _ = toolset
    await toolset.ready
    const tool = named(toolset.tools, 'add')
    await first[Symbol.asyncDispose]()
    // A connection that has just been closed may be tried once more before that is noticed.
    await expect.poll(() => refusal(tool, { a: 1, b: 2 })).toBe('the service could not be reached')
    await using _second = await openMcpServer(serverWith(add), { port: first.port })
    expect(await tool.run({ a: 1, b: 2 }, makeContext())).toBe('3')
  })

  it('is not asked twice for what it may have done', async () => {
    let broken = false
    await using server = await openMcpServer(serverWith(add), {
      intercept: (asked, response) => {
        if (asked !== 'POST tools/call' || broken) return false
        broken = true
        response.destroy()
        return true
      },
    })
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    const tool = named(toolset.tools, 'add')
    expect(await refusal(tool, { a: 1, b: 2 })).toContain('not known whether it was done')
    expect(server.asked.filter((asked) => asked === 'POST tools/call')).toHaveLength(1)
    expect(await tool.run({ a: 1, b: 2 }, makeContext())).toBe('3')
  })

  it('may be absent at the start: it is tried again after 1 s, 2 s, 4 s', async () => {
    const away = await openMcpServer(serverWith(add))
    await away[Symbol.asyncDispose]()
    const { toolset, clock, records } = open(away.url)
    await using _ = toolset
    await toolset.ready
    expect(toolset.tools).toEqual([])
    const failures = () => records.filter((record) => record.level === 'warn').map((record) => record.fields)
    for (const [index, pauseMs] of [1000, 2000, 4000].entries()) {
      await expect.poll(failures).toHaveLength(index + 1)
      expect(failures().at(-1)).toEqual({ mcpServer: 'desk', code: 'ECONNREFUSED', pauseMs })
      clock.advance(pauseMs - 1)
      expect(failures()).toHaveLength(index + 1)
      if (pauseMs < 4000) clock.advance(1)
    }
    await using _server = await openMcpServer(serverWith(add), { port: away.port })
    clock.advance(1)
    await expect.poll(() => toolset.tools.length).toBe(1)
  })

  it('does not hold up the start when it hangs', async () => {
    await using server = await openMcpServer(serverWith(add), { intercept: () => true })
    const { toolset, clock } = open(server.url)
    await using _ = toolset
    await expect.poll(() => server.asked).toHaveLength(1)
    clock.advance(5000)
    await toolset.ready
    expect(toolset.tools).toEqual([])
  })

  it('sends nobody elsewhere', async () => {
    await using elsewhere = await openMcpServer(serverWith(add))
    await using server = await openMcpServer(serverWith(add), {
      intercept: (_asked, response) => {
        response.writeHead(307, { location: elsewhere.url }).end()
        return true
      },
    })
    const { toolset } = open(server.url, { headers: { 'x-key': 'k-1' } })
    await using _ = toolset
    await toolset.ready
    expect(toolset.tools).toEqual([])
    expect(elsewhere.asked).toEqual([])
  })

  it('may move within its own origin', async () => {
    await using server = await openMcpServer(serverWith(add), {
      intercept: (_asked, response, url) => {
        if (url !== '/mcp') return false
        response.writeHead(307, { location: '/mcp/' }).end()
        return true
      },
    })
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    expect(await named(toolset.tools, 'add').run({ a: 1, b: 2 }, makeContext())).toBe('3')
  })

  it('cannot fill the memory', async () => {
    let sent = 0
    await using server = await openMcpServer(serverWith(add), {
      intercept: (asked, response) => {
        if (asked !== 'POST tools/list') return false
        response.writeHead(200, { 'content-type': 'application/json' })
        const more = () => {
          while (!response.destroyed && response.write(' '.repeat(65_536))) sent += 65_536
        }
        response.on('drain', more)
        more()
        return true
      },
    })
    const { toolset } = open(server.url)
    await using _ = toolset
    await toolset.ready
    expect(toolset.tools).toEqual([])
    expect(sent).toBeLessThan(50_000_000)
  })
})

describe('letting go of an MCP server', () => {
  it('ends its session, and its tools fail', async () => {
    await using server = await openMcpServer(serverWith(add))
    const { toolset } = open(server.url)
    await toolset.ready
    const tool = named(toolset.tools, 'add')
    await toolset[Symbol.asyncDispose]()
    expect(server.asked).toContain('DELETE')
    expect(server.sessions.size).toBe(0)
    expect(await refusal(tool, { a: 1, b: 2 })).toBe('the service could not be reached')
  })

  it('takes no time while it is away', async () => {
    const away = await openMcpServer(serverWith(add))
    await away[Symbol.asyncDispose]()
    const { toolset, records } = open(away.url)
    await toolset.ready
    await toolset[Symbol.asyncDispose]()
    expect(records.filter((record) => record.level === 'warn')).toHaveLength(1)
  })

  it('takes no time while it is being connected to', async () => {
    await using server = await openMcpServer(serverWith(add), { intercept: () => true })
    const { toolset, records } = open(server.url)
    await expect.poll(() => server.asked).toHaveLength(1)
    await toolset[Symbol.asyncDispose]()
    await toolset.ready
    expect(records).toEqual([])
  })
})

describe('the declaration of an MCP server', () => {
  it.each([
    'https://mcp.example.com/mcp',
    'https://10.0.0.5:8443/',
    'http://127.0.0.1:3000/mcp',
    'http://localhost/mcp',
    'http://[::1]:3000/',
  ])('may name %s', (url) => {
    expect(mcpServerSpec.safeParse({ name: 'desk', url }).success).toBe(true)
  })

  it.each([
    'http://mcp.example.com/',
    'http://10.0.0.5/',
    'http://localhost.example.com/',
    'ws://localhost/',
    'https://a:b@mcp.example.com/',
    '/mcp',
    'file:///etc/passwd',
  ])('may not name %s', (url) => {
    expect(mcpServerSpec.safeParse({ name: 'desk', url }).error?.issues[0]?.path).toEqual(['url'])
  })
})
