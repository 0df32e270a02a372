import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/**
 * A bridge that is nothing but a media socket: each connection is given to `bridge`, with the model's address from
 * MODEL_URL. Says on stdout where it listens. SIGTERM ends it.
 */
export function serveBridge(bridge: (carrier: WebSocket, modelUrl: string) => void): void {
  const modelUrl = process.env['MODEL_URL'] ?? ''
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, backlog: 1024 })
  server.on('connection', (carrier) => bridge(carrier, modelUrl))
  server.on('listening', () => {
    const { port } = server.address() as AddressInfo
    process.stdout.write(`answers calls on ws://127.0.0.1:${port}/media\n`)
  })
  process.on('SIGTERM', () => process.exit(0))
}
