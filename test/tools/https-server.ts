import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import type { NetworkGuard } from '../../src/tools/https-text.ts'
import { certificate, certificateKey } from './certificate.ts'

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A real https server on loopback that remembers what it was asked, and who so much as connected. */
export async function openHttpsServer(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const seen: Seen[] = []
  const counts = { connections: 0, closedEarly: 0 }
  const arrived = Promise.withResolvers<void>()
  const listener: RequestListener = async (request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) counts.closedEarly++
    })
    const { method, url, headers } = request
    seen.push({ method, url, headers, body: await text(request) })
    arrived.resolve()
    answer(response, request)
  }
  const server = createServer({ cert: certificate, key: certificateKey }, listener)
  server.on('connection', () => counts.connections++)
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  return {
    port,
    seen,
    counts,
    arrived: arrived.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A network in which every name is this machine and only 127.0.0.1 is allowed. */
export const loopbackOnly: NetworkGuard = {
  lookup: async () => [{ address: '127.0.0.1', family: 4 }],
  isAllowed: (address) => address === '127.0.0.1',
  ca: certificate,
}
