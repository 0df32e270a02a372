import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { acceptOf, type Frame, FrameReader } from './frames.ts'

/** How long connecting and the upgrade may take [ms]. */
const HANDSHAKE_MS = 10_000

/**
 * Opens a WebSocket by hand on a plain socket, as the carrier does: no extension, no subprotocol, no Origin.
 * @throws Error when it is refused, or not answered in ten seconds.
 */
export async function openSocket(url: string, onFrame: (frame: Frame) => void): Promise<Socket> {
  const { hostname, port, pathname, host } = new URL(url)
  const key = randomBytes(16).toString('base64')
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  const opened = Promise.withResolvers<Socket>()
  const deadline = setTimeout(() => socket.destroy(new Error('the upgrade was not answered')), HANDSHAKE_MS)
  const reader = new FrameReader(onFrame)
  let head: Buffer | undefined = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    if (head === undefined) {
      reader.push(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const answer = head.toString('latin1', 0, end)
    const rest = head.subarray(end + 4)
    head = undefined
    if (!answer.startsWith('HTTP/1.1 101') || !answer.includes(acceptOf(key))) {
      socket.destroy(new Error(`the upgrade was refused: ${answer.split('\r\n', 1)[0]}`))
      return
    }
    opened.resolve(socket)
    if (rest.length > 0) reader.push(rest)
  })
  socket.on('error', opened.reject)
  socket.on('close', () => opened.reject(new Error('closed before it was open')))
  const lines = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  try {
    return await opened.promise
  } finally {
    clearTimeout(deadline)
  }
}
