import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LineEnd, openLineWire } from '../../../../src/operator/page/sound/line-wire.ts'

/** What is used of a WebSocket; the test plays the server. */
class FakeSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING
  binaryType = ''
  readonly sent: Uint8Array[] = []

  opens(): void {
    this.readyState = WebSocket.OPEN
    this.dispatchEvent(new Event('open'))
  }

  breaks(code = 1006): void {
    this.readyState = WebSocket.CLOSED
    this.dispatchEvent(Object.assign(new Event('close'), { code }))
  }

  send(piece: Uint8Array): void {
    this.sent.push(piece)
  }

  close(): void {
    this.readyState = WebSocket.CLOSING
  }
}

function openLine() {
  const sockets: FakeSocket[] = []
  const ends: LineEnd[] = []
  const heard: ArrayBuffer[] = []
  const connect = () => {
    const socket = new FakeSocket()
    sockets.push(socket)
    return socket as unknown as WebSocket
  }
  const wire = openLineWire(connect, { heard: (data) => heard.push(data), ended: (why) => ends.push(why) })
  return { wire, sockets, ends, heard }
}

const piece = new Uint8Array(320)

describe('the socket of a live line', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is opened again at once when it is lost, and what is said goes on', () => {
    const { wire, sockets, ends } = openLine()
    sockets[0]?.opens()
    wire.send(piece)
    sockets[0]?.breaks()
    vi.advanceTimersByTime(0)
    // Not open yet: this piece is lost.
    wire.send(piece)
    sockets[1]?.opens()
    wire.send(piece)
    expect(sockets.map(({ sent }) => sent.length)).toEqual([1, 1])
    expect(ends).toEqual([])
  })

  it('is lost after five attempts, which a line that stood for a while begins anew', () => {
    const { sockets, ends } = openLine()
    sockets[0]?.opens()
    vi.advanceTimersByTime(1000)
    for (const waitMs of [0, 500, 1000, 2000]) {
      sockets.at(-1)?.breaks()
      vi.advanceTimersByTime(waitMs)
    }
    expect(sockets).toHaveLength(5)
    sockets.at(-1)?.opens()
    vi.advanceTimersByTime(5000)
    for (const waitMs of [0, 500, 1000, 2000, 4000]) {
      sockets.at(-1)?.breaks()
      vi.advanceTimersByTime(waitMs)
    }
    expect(sockets).toHaveLength(10)
    expect(ends).toEqual([])
    sockets.at(-1)?.breaks()
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(10)
    expect(ends).toEqual(['lost'])
  })

  it.each([
    [1000, 'over'],
    [1008, 'signed-out'],
  ] as const)('stays closed when the server means it: %i', (code, why) => {
    const { sockets, ends } = openLine()
    sockets[0]?.opens()
    sockets[0]?.breaks(code)
    vi.advanceTimersByTime(60_000)
    expect(ends).toEqual([why])
    expect(sockets).toHaveLength(1)
  })

  it('is not tried again when it never was open, nor after it was closed here', () => {
    const refused = openLine()
    refused.sockets[0]?.breaks()
    vi.advanceTimersByTime(60_000)
    expect(refused.ends).toEqual(['lost'])
    expect(refused.sockets).toHaveLength(1)
    const closed = openLine()
    closed.sockets[0]?.opens()
    closed.sockets[0]?.breaks()
    closed.wire.close()
    vi.advanceTimersByTime(60_000)
    expect(closed.ends).toEqual([])
    expect(closed.sockets).toHaveLength(1)
  })
})
