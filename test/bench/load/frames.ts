import { createHash } from 'node:crypto'

/** What RFC 6455 calls the kinds of frames. */
export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** One whole frame in the buffer that it came in: the payload is `[from, to)`, its mask 4 bytes at `maskAt`, or -1. */
export interface Frame {
  readonly opcode: number
  readonly buffer: Buffer
  readonly from: number
  readonly to: number
  readonly maskAt: number
}

/**
 * The least reader of WebSocket frames: no copy, no unmasking, no text unless asked.
 *
 * ```
 *   chunk ─▶ [frame][frame][fra      rest waits for the next chunk
 * ```
 * @throws Error on a fragmented message: nobody here sends any.
 */
export class FrameReader {
  readonly #take: (frame: Frame) => void
  #rest: Buffer | undefined

  constructor(take: (frame: Frame) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    const buffer = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    let at = 0
    while (at < buffer.length) {
      const frame = frameAt(buffer, at)
      if (frame === undefined) {
        this.#rest = buffer.subarray(at)
        return
      }
      at = frame.to
      this.#take(frame)
    }
  }
}

function frameAt(buffer: Buffer, at: number): Frame | undefined {
  if (buffer.length < at + 2) return undefined
  const first = buffer.readUInt8(at)
  const second = buffer.readUInt8(at + 1)
  if ((first & 0x80) === 0) throw new Error('a fragmented message')
  let from = at + 2
  let length = second & 0x7f
  if (length === 126) {
    if (buffer.length < at + 4) return undefined
    length = buffer.readUInt16BE(at + 2)
    from = at + 4
  } else if (length === 127) {
    if (buffer.length < at + 10) return undefined
    length = Number(buffer.readBigUInt64BE(at + 2))
    from = at + 10
  }
  const isMasked = (second & 0x80) !== 0
  const maskAt = isMasked ? from : -1
  if (isMasked) from += 4
  const to = from + length
  return buffer.length < to ? undefined : { opcode: first & 0x0f, buffer, from, to, maskAt }
}

const scratch = Buffer.allocUnsafe(256)

/** The first `length` bytes of a frame as Latin-1, at most 256: enough to tell what it is. */
export function headOf({ buffer, from, to, maskAt }: Frame, length: number): string {
  const end = Math.min(to, from + length)
  if (maskAt < 0) return buffer.toString('latin1', from, end)
  for (let i = from; i < end; i++) scratch[i - from] = (buffer[i] ?? 0) ^ (buffer[maskAt + ((i - from) & 3)] ?? 0)
  return scratch.toString('latin1', 0, end - from)
}

/** All of a frame's payload, unmasked. */
export function payloadOf({ buffer, from, to, maskAt }: Frame): Buffer {
  const payload = Buffer.from(buffer.subarray(from, to))
  if (maskAt >= 0) applyMask(payload, 0, buffer.subarray(maskAt, maskAt + 4))
  return payload
}

function applyMask(bytes: Buffer, from: number, mask: Uint8Array): void {
  for (let i = from; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ (mask[(i - from) & 3] ?? 0)
}

/** One frame on the wire; a client's is masked with `mask`, four bytes. */
export function buildFrame(opcode: number, payload: Buffer, mask?: Uint8Array): Buffer {
  const extended = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + extended + (mask === undefined ? 0 : 4))
  head[0] = 0x80 | opcode
  head[1] = (extended === 0 ? payload.length : extended === 2 ? 126 : 127) | (mask === undefined ? 0 : 0x80)
  if (extended === 2) head.writeUInt16BE(payload.length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(payload.length), 2)
  const frame = Buffer.concat([head, payload])
  if (mask === undefined) return frame
  frame.set(mask, head.length - 4)
  applyMask(frame, head.length, mask)
  return frame
}

/** One text frame. */
export function textFrame(text: string, mask?: Uint8Array): Buffer {
  return buildFrame(opcodes.text, Buffer.from(text), mask)
}

/** `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
