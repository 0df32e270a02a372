import { encodeMulaw } from './mulaw.ts'
import { LINE_RATE, toLine } from './rate-converter.ts'

/** 20 ms of the line [bytes]. */
const FRAME_BYTES = 160

/**
 * What a microphone hears, as frames of the line: 20 ms of mu-law each, also while it hears nothing.
 *
 * ```
 *   blocks of any size, at the sound card's rate ─▶ low-pass, 8 kHz ─▶ mu-law ─▶ 160 bytes, 160 bytes …
 * ```
 */
export class Capture {
  readonly #converter: ReturnType<typeof toLine>
  readonly #samples: Float32Array
  readonly #blockMax: number
  #frame = new Float32Array(FRAME_BYTES)
  #filled = 0

  /** @param rateHz of the sound card. */
  constructor(rateHz: number) {
    this.#converter = toLine(rateHz)
    this.#blockMax = 1024
    this.#samples = new Float32Array(Math.ceil((this.#blockMax * LINE_RATE) / rateHz) + 2)
  }

  /** Calls `onFrame` for each frame that is full now; the frame is the listener's own. */
  push(block: Float32Array, onFrame: (frame: Uint8Array) => void): void {
    for (let from = 0; from < block.length; from += this.#blockMax) {
      const made = this.#converter.push(block.subarray(from, from + this.#blockMax), this.#samples)
      for (let i = 0; i < made; i++) {
        this.#frame[this.#filled++] = this.#samples[i] ?? 0
        if (this.#filled < FRAME_BYTES) continue
        this.#filled = 0
        onFrame(encodeMulaw(this.#frame))
      }
    }
  }
}
