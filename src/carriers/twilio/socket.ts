import type { WebSocket } from 'ws'
import type { Clock } from '../../base/clock.ts'

/** How long the other side may take to answer a close [ms]. */
const CLOSE_MS = 1000

/** Closes a socket, by force when the other side does not answer within a second. Harmless when it is closed. */
export function closeSocket(socket: WebSocket, code: number, clock: Clock): void {
  if (socket.readyState === socket.CLOSED) return
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  clock.after(CLOSE_MS, () => socket.terminate(), closed.signal)
  socket.close(code)
}

/** Whether the n-th of its kind is worth a line in the log: the 1st, 10th, 100th ... */
export function isRareCount(n: number): boolean {
  return /^10*$/.test(String(n))
}
