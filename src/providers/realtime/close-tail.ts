/** A final close frame whose length needs 16 bits: more than the 125 bytes that RFC 6455 allows. */
const overlongClose = Buffer.from([0x88, 126])
const headerBytes = 6

/**
 * The last bytes that came over a socket, for the one thing that `ws` does not tell: a close reason that is too long
 * is a protocol error to it, and lost, but one provider says there that an account's free quota is used up. That is
 * final, and without its text it would look like a broken line, which is tried again.
 */
export class CloseTail {
  #before: Buffer | undefined
  #latest: Buffer | undefined

  push(chunk: Buffer): void {
    this.#before = this.#latest
    this.#latest = chunk
  }

  /** The close frame at the end, as far as it came; `undefined` when there is none. */
  read(): { readonly code: number; readonly reason: string } | undefined {
    const bytes = Buffer.concat([this.#before ?? Buffer.alloc(0), this.#latest ?? Buffer.alloc(0)])
    const at = bytes.lastIndexOf(overlongClose)
    if (at < 0 || bytes.length <= at + headerBytes) return undefined
    const code = bytes.readUInt16BE(at + 4)
    if (code < 1000 || code > 4999) return undefined
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    return { code, reason: bytes.toString('utf8', at + headerBytes, end) }
  }
}
