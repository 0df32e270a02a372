import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

/** What a client asked, in order: `POST tools/call`, `GET`, `DELETE`. */
type Asked = string

/** A real MCP server over node:http. It forgets its sessions when it is closed, as a restarted one does. */
export async function openMcpServer(
  makeServer: () => McpServer | Server,
  {
    port = 0,
    intercept = () => false,
  }: { port?: number; intercept?: (asked: Asked, response: ServerResponse, url: string | undefined) => boolean } = {},
) {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const asked: Asked[] = []
  const headers: IncomingMessage['headers'][] = []

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: unknown = request.method === 'POST' ? await json(request) : undefined
    const method = typeof body === 'object' && body !== null && 'method' in body ? ` ${body.method}` : ''
    const what = `${request.method}${method}`
    asked.push(what)
    headers.push(request.headers)
    if (intercept(what, response, request.url)) return
    const id = request.headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (known !== undefined) return await known.handleRequest(request, response, body)
    if (id !== undefined) return void response.writeHead(404).end()
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (made) => void sessions.set(made, transport),
      onsessionclosed: (closed) => void sessions.delete(closed),
    })
    await makeServer().connect(transport as Parameters<McpServer['connect']>[0])
    await transport.handleRequest(request, response, body)
  }

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()))
  const taken = await new Promise<number>((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  return {
    port: taken,
    url: `http://127.0.0.1:${taken}/mcp`,
    asked,
    headers,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions.values()) await session.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An MCP server whose tools `declare` registers, for each session anew. */
export function serverWith(declare: (server: McpServer) => void): () => McpServer {
  return () => {
    const server = new McpServer({ name: 'of-a-test', version: '1' })
    declare(server)
    return server
  }
}
