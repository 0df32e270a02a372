import type { RawData, WebSocket } from 'ws'
import type { Clock } from '../../base/clock.ts'
import { readFrame, type StartFrame } from './messages.ts'
import { closeSocket } from './socket.ts'

/** How long a socket may stay without saying whose it is [ms]. */
const START_MS = 5000

/** Why a socket never became a stream. */
export type NoStart = 'no-start' | 'closed' | 'protocol-error' | 'too-many'

/**
 * Waits for `start` on a socket that has just been upgraded.
 *
 * ```
 *   upgrade ── connected, anything ──▶ start ─▶ onStart, which takes the socket over in the same turn
 *      └────── 5 s, or closed ───────▶ onNoStart; the socket is closed with 1008
 * ```
 * @param onNoStart `early`: how many frames came that were no `start`.
 * @returns gives the socket up before its time; harmless when it has started.
 */
export function awaitStart(
  socket: WebSocket,
  clock: Clock,
  onStart: (start: StartFrame) => void,
  onNoStart: (why: NoStart, early: number) => void,
): (why: NoStart) => void {
  let early = 0
  const waiting = new AbortController()
  const giveUp = (why: NoStart) => {
    if (waiting.signal.aborted) return
    waiting.abort()
    onNoStart(why, early)
    closeSocket(socket, 1008, clock)
  }
  const onMessage = (data: RawData, isBinary: boolean) => {
    if (waiting.signal.aborted) return
    const frame = isBinary ? undefined : readFrame(String(data))
    if (frame?.event !== 'start') {
      if (frame?.event !== 'connected') early++
      return
    }
    waiting.abort()
    socket.off('message', onMessage)
    onStart(frame)
  }
  socket.on('message', onMessage)
  // It stays for the socket's life: an 'error' that nobody hears would end the process.
  socket.on('error', () => giveUp('protocol-error'))
  socket.on('close', () => giveUp('closed'))
  clock.after(START_MS, () => giveUp('no-start'), waiting.signal)
  return giveUp
}
