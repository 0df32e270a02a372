/** A socket with a live line behind it, which is opened again when it is lost. */
export interface LineWire {
  /** Dropped while it is not open. */
  send(piece: Uint8Array<ArrayBuffer>): void
  close(): void
}

/** Why there is no line any more. `over`: the call is. */
export type LineEnd = 'over' | 'lost' | 'signed-out'

export interface LineWireListener {
  heard(data: ArrayBuffer): void
  /** Not after `close`. */
  ended(why: LineEnd): void
}

/** How long until a lost socket is opened again [ms]; the server waits ten seconds for an operator who has the call. */
const AGAIN_MS = [0, 500, 1000, 2000, 4000]
/** A socket that stood so long was a good one: its end is not one more failure [ms]. */
const GOOD_MS = 5000

/**
 * Keeps a socket open.
 *
 * ```
 *   connect ─▶ open ── closed 1000: over, 1008: signed out
 *      ▲         └─ else: at once, then 0.5, 1, 2 and 4 s later ─┐
 *      └─────────────────────────────────────────────────────────┴─▶ lost; at once when it never was open
 * ```
 */
export function openLineWire(connect: () => WebSocket, { heard, ended }: LineWireListener): LineWire {
  let socket: WebSocket
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let wasOpen = false
  let failures = 0
  const end = (why: LineEnd) => {
    closed = true
    ended(why)
  }
  const open = () => {
    let openedMs: number | undefined
    socket = connect()
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => {
      wasOpen = true
      openedMs = performance.now()
    })
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      if (!closed && data instanceof ArrayBuffer) heard(data)
    })
    socket.addEventListener('close', ({ code }) => {
      if (closed) return
      if (code === 1000) return end('over')
      if (code === 1008) return end('signed-out')
      if (openedMs !== undefined && performance.now() - openedMs >= GOOD_MS) failures = 0
      const waitMs = wasOpen ? AGAIN_MS[failures++] : undefined
      if (waitMs === undefined) return end('lost')
      timer = setTimeout(open, waitMs)
    })
  }
  open()
  return {
    send(piece) {
      if (socket.readyState === WebSocket.OPEN) socket.send(piece)
    },
    close() {
      closed = true
      clearTimeout(timer)
      socket.close(1000)
    },
  }
}
