import { type AudioFormat, bytesOf, bytesPerSample, durationMs } from '../../audio/format.ts'

/** Where the frames go: the socket, as far as the uplink cares. */
export interface UplinkWire {
  /** Bytes handed over that the network has not taken yet. */
  readonly backlogBytes: number
  /** The frame is the wire's from now on. */
  send(frame: Buffer): void
}

/** Six seconds of base64 at 16 kHz: behind a backlog like that the socket is given nothing more. */
const backlogBoundBytes = 256 * 1024
/** What waits here for the backlog to go [ms]; beyond it the oldest is dropped, because the latest words matter most. */
const waitingBoundMs = 5000

const head = Buffer.from('{"type":"input_audio_buffer.append","audio":"')
const tail = Buffer.from('"}')

/**
 * The caller's sound on its way up, in frames of one batch each.
 *
 * ```
 *   push ─▶ batch (20..100 ms) ─full─▶ base64 ─▶ socket            backlog small
 *                                        └────▶ waiting, ≤ 5 s ─▶ socket, oldest first, once the backlog is small again
 * ```
 * Any split of the input gives the same frames: what does not fill a batch, an odd byte too, waits for the next push.
 */
export class Uplink {
  readonly #wire: UplinkWire
  readonly #format: AudioFormat
  readonly #waiting: Buffer[] = []
  #batch: Buffer
  #batchMs: number
  #filled = 0
  #droppedMs = 0

  constructor(wire: UplinkWire, format: AudioFormat, batchMs: number) {
    this.#wire = wire
    this.#format = format
    this.#batchMs = batchMs
    this.#batch = Buffer.allocUnsafe(bytesOf(format, batchMs))
  }

  /** Sound that was dropped because the network did not take it [ms]. */
  get droppedMs(): number {
    return this.#droppedMs
  }

  push(audio: Uint8Array): void {
    let from = 0
    while (from < audio.length) {
      const take = Math.min(audio.length - from, this.#batch.length - this.#filled)
      this.#batch.set(audio.subarray(from, from + take), this.#filled)
      this.#filled += take
      from += take
      if (this.#filled === this.#batch.length) this.#seal()
    }
  }

  /** Sends what fills no batch too, and what waits, whatever the backlog: what follows must not overtake it. */
  flush(): void {
    const whole = this.#filled - (this.#filled % bytesPerSample(this.#format))
    if (whole > 0) this.#waiting.push(appendFrame(this.#batch.subarray(0, whole)))
    this.#batch.copyWithin(0, whole, this.#filled)
    this.#filled -= whole
    for (const frame of this.#waiting.splice(0)) this.#wire.send(frame)
  }

  /** Drops what was not sent yet. */
  forget(): void {
    this.#filled = 0
    this.#waiting.length = 0
  }

  /** Sends batches of 100 ms from now on: the model complained of too many frames. */
  widen(): void {
    const wide = Buffer.allocUnsafe(bytesOf(this.#format, 100))
    if (wide.length <= this.#batch.length) return
    wide.set(this.#batch.subarray(0, this.#filled))
    this.#batch = wide
    this.#batchMs = durationMs(this.#format, wide.length)
  }

  #seal(): void {
    this.#waiting.push(appendFrame(this.#batch))
    this.#filled = 0
    while (this.#wire.backlogBytes < backlogBoundBytes) {
      const oldest = this.#waiting.shift()
      if (oldest === undefined) return
      this.#wire.send(oldest)
    }
    while (this.#waiting.length * this.#batchMs > waitingBoundMs) {
      this.#waiting.shift()
      this.#droppedMs += this.#batchMs
    }
  }
}

/**
 * `input_audio_buffer.append`, by hand: nothing in base64 needs escaping, and JSON.stringify would look at every
 * character of 50 frames a second. As bytes, because the socket would make them of a string, and mask them into another
 * buffer then; so it is written once, in Node's pool, and masked once.
 */
function appendFrame(sound: Buffer): Buffer {
  const base64 = sound.toString('base64')
  const frame = Buffer.allocUnsafe(head.length + base64.length + tail.length)
  head.copy(frame)
  frame.write(base64, head.length, 'latin1')
  tail.copy(frame, head.length + base64.length)
  return frame
}
