import { MULAW_SILENCE } from '../../audio/g711.ts'

/** Mu-law bytes of one 20 ms frame at 8 kHz. */
export const FRAME_BYTES = 160
/** Ten minutes of mu-law: what is buffered beyond is discarded (warning 31931). */
export const PLAYOUT_LIMIT_BYTES = 4_800_000

/** What one tick of the clock plays. */
export interface PlayedFrame {
  /** 160 bytes, the last of a sound padded with silence; `undefined`: nothing is buffered, the line is silent. */
  readonly audio: Uint8Array | undefined
  /** Marks whose sound ended before this frame began, in order. */
  readonly marks: readonly string[]
}

/**
 * What the carrier has been given and not played: sound and marks in one FIFO.
 *
 * ```
 *   push ─▶ ▓▓▓▓▓▓ m1 ▓▓▓▓ m2 ▓▓ ─▶ next(): 160 bytes a tick ─▶ the caller's ear
 *                   │        └ comes back when the frame that holds the last byte before it has been heard
 *   clear: the sound is dropped, m1 and m2 come back at once, first in first out
 * ```
 */
export class PlayoutBuffer {
  #items: (Uint8Array | string)[] = []
  #head = 0
  #offset = 0
  #bytes = 0
  /** The frame that plays right now holds sound. */
  #sounding = false
  /** Marks whose last byte is in the frame that plays right now. */
  #due: string[] = []

  /** Sound not played yet [bytes]. */
  get bufferedBytes(): number {
    return this.#bytes
  }

  /** Queues sound of any length. False: the buffer is full and all of it was discarded. */
  push(audio: Uint8Array): boolean {
    if (audio.length === 0) return true
    if (this.#bytes + audio.length > PLAYOUT_LIMIT_BYTES) return false
    this.#items.push(audio)
    this.#bytes += audio.length
    return true
  }

  /** Queues a mark. True: nothing is buffered, so it comes back now and is not queued. */
  mark(name: string): boolean {
    if (this.#head === this.#items.length && !this.#sounding) return true
    this.#items.push(name)
    return false
  }

  /** Drops all sound and gives back the marks that were waiting for it, in order. */
  clear(): { readonly droppedBytes: number; readonly marks: readonly string[] } {
    const waiting = this.#items.slice(this.#head).filter((item) => typeof item === 'string')
    const cleared = { droppedBytes: this.#bytes, marks: [...this.#due, ...waiting] }
    this.#items = []
    this.#head = 0
    this.#offset = 0
    this.#bytes = 0
    this.#sounding = false
    this.#due = []
    return cleared
  }

  /** Takes the next 20 ms. */
  next(): PlayedFrame {
    const marks = this.#due
    this.#due = []
    const audio = new Uint8Array(FRAME_BYTES)
    let filled = 0
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      if (typeof item === 'string') {
        ;(filled === 0 ? marks : this.#due).push(item)
        this.#head += 1
        continue
      }
      if (filled === FRAME_BYTES) break
      const piece = item.subarray(this.#offset, this.#offset + FRAME_BYTES - filled)
      audio.set(piece, filled)
      filled += piece.length
      this.#offset += piece.length
      if (this.#offset < item.length) break
      this.#offset = 0
      this.#head += 1
    }
    this.#compact()
    this.#bytes -= filled
    this.#sounding = filled > 0
    return { audio: filled === 0 ? undefined : audio.fill(MULAW_SILENCE, filled), marks }
  }

  #compact(): void {
    // Half of the list is used up: moving the rest costs less than one step per item ever queued.
    if (this.#head * 2 < this.#items.length) return
    this.#items.splice(0, this.#head)
    this.#head = 0
  }
}
