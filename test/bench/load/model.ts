import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { acceptOf } from './frames.ts'
import type { ModelSetup, Order } from './messages.ts'
import { ModelSession } from './model-session.ts'
import { openaiScript } from './openai-script.ts'
import { Pacer } from './pacer.ts'
import { obey, setup, tell } from './peer.ts'
import { qwenScript } from './qwen-script.ts'
import { Recogniser } from './recogniser.ts'
import { modelHears } from './vocabulary.ts'

/*
 * The simulated model as a process of its own: every WebSocket that is opened to it is a session, numbered as they
 * come. The rich one is src/simulators/realtime.
 */
const { dialect, deltaMs } = setup<ModelSetup>()
const pacer = new Pacer(deltaMs)
const script = { qwen: qwenScript, openai: openaiScript }[dialect]
const voice = { script, dialect, deltaMs, recogniser: new Recogniser(modelHears(dialect)) }
const sessions: ModelSession[] = []
let opened = 0

/** How long the upgrade takes [ms]: a real model is a continent away, and the caller speaks meanwhile. */
const UPGRADE_MS = 100

const server = createServer((_request, response) => response.writeHead(404).end())
server.on('upgrade', (request, socket: Socket, head) => {
  // Counted as they are asked for: the next call may come before this one is open.
  const index = opened++
  tell({ type: 'opened', call: index })
  socket.setNoDelay(true)
  socket.on('error', () => {})
  if (head.length > 0) socket.unshift(head)
  setTimeout(() => accept(socket, index, request.headers['sec-websocket-key'] ?? ''), UPGRADE_MS)
})

function accept(socket: Socket, index: number, key: string): void {
  const answer = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
  ]
  socket.write(`${answer.join('\r\n')}\r\n\r\n`)
  const session = new ModelSession(socket, index, voice)
  sessions[index] = session
  const stop = pacer.add(() => session.tick())
  socket.on('close', stop)
}

server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  const { port } = server.address() as AddressInfo
  tell({ type: 'listening', url: `ws://127.0.0.1:${port}/api-ws/v1/realtime` })
})

function handle(order: Order): void {
  if (order.type === 'count')
    tell({ type: 'counted', heardMs: sessions.reduce((sum, { heardMs }) => sum + heardMs, 0) })
  if (order.type === 'report') {
    tell({ type: 'report', calls: sessions.map((session) => session.log()), lags: pacer.lags })
  }
}

obey(handle)
