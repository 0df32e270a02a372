/**
 * Bytes in, the same bytes out, in one buffer of its own.
 *
 * ```
 *   [ dropped | waiting | room ]      push copies to the room; when that is too small, what waits moves to the front
 * ```
 * It keeps nothing of what is pushed: a frame is a slice of Node's pool, and one that waits for its turn would keep 8 KB
 * alive until the garbage collector has grown old with it (a fifth of a call's CPU, measured).
 */
export class ByteQueue {
  readonly #capacity: number
  #bytes: Uint8Array
  #start = 0
  #end = 0

  /** @param capacity [bytes] to begin with; it grows with what waits, and shrinks when nothing does. */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#end - this.#start
  }

  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** A copy of `count` bytes that wait, from the `offset`th on. @throws RangeError when there are fewer. */
  copy(offset: number, count: number): Uint8Array {
    if (offset < 0 || offset + count > this.length) {
      throw new RangeError(`offset + count: expected at most ${this.length}, got ${offset} + ${count}`)
    }
    return this.#bytes.slice(this.#start + offset, this.#start + offset + count)
  }

  /** Forgets the oldest `count` bytes. @throws RangeError when there are fewer. */
  drop(count: number): void {
    if (count > this.length) throw new RangeError(`count: expected at most ${this.length}, got ${count}`)
    this.#start += count
    if (this.length === 0) this.clear()
  }

  /** Keeps the oldest `count` bytes and forgets the newer ones. @throws RangeError when there are fewer. */
  keep(count: number): void {
    if (count > this.length) throw new RangeError(`count: expected at most ${this.length}, got ${count}`)
    this.#end = this.#start + count
    if (count === 0) this.clear()
  }

  clear(): void {
    if (this.#bytes.length > this.#capacity) this.#bytes = new Uint8Array(this.#capacity)
    this.#start = 0
    this.#end = 0
  }

  #makeRoom(added: number): void {
    const waiting = this.#bytes.subarray(this.#start, this.#end)
    const needed = waiting.length + added
    // At most half full after a move, so that moving costs no more than the pushes themselves.
    if (2 * needed > this.#bytes.length) {
      this.#bytes = new Uint8Array(2 ** Math.ceil(Math.log2(2 * needed)))
      this.#bytes.set(waiting)
    } else {
      this.#bytes.copyWithin(0, this.#start, this.#end)
    }
    this.#start = 0
    this.#end = waiting.length
  }
}
