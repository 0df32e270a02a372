import { once } from 'node:events'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock } from '../../base/clock.ts'
import type { PrintedEvent, SpokenEvent } from './dialect.ts'
import type { Faults } from './faults.ts'
import { makeId } from './ids.ts'
import type { Items } from './items.ts'
import type { WireError } from './wire-error.ts'

/** A slow reader: above this, audio waits. */
const HIGH_WATER_BYTES = 1 << 20
/** A reader that is gone for all purposes. One delta of 60 s at 48 kHz is 7.7 MB. */
const GIVE_UP_BYTES = 32 << 20
/** How long [ms] a peer may take to answer a close frame. */
const CLOSE_GRACE_MS = 1000

const GA_NAMES: ReadonlyMap<string, string> = new Map(
  ['text', 'audio', 'audio_transcript'].flatMap((name) =>
    ['delta', 'done'].map((end) => [`response.${name}.${end}`, `response.output_${name}.${end}`] as const),
  ),
)

export interface WireOptions {
  readonly ws: WebSocket
  /** The connection under `ws`. */
  readonly socket: Duplex
  readonly clock: Clock
  readonly faults: Faults
  /** Folds what is said. */
  readonly items: Items
  /** The dialect of what is said. */
  print(event: SpokenEvent): readonly PrintedEvent[]
}

/** The socket of one session as its state machine sees it: server events out, ends of every kind, faults of the wire. */
export class Wire {
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #clock: Clock
  readonly #faults: Faults
  readonly #items: Items
  readonly #print: WireOptions['print']
  readonly #gone = new AbortController()
  #silent = false
  #closing = false

  constructor({ ws, socket, clock, faults, items, print }: WireOptions) {
    this.#ws = ws
    this.#socket = socket
    this.#clock = clock
    this.#faults = faults
    this.#items = items
    this.#print = print
    ws.once('close', () => this.#gone.abort())
  }

  /** Neither end has begun to close it. */
  get isOpen(): boolean {
    return !this.#closing && this.#ws.readyState === this.#ws.OPEN
  }

  /**
   * Sends one event of the session as its dialect prints it; nothing when the socket is no longer open.
   * @param causedBy the id of the client's event that it answers.
   */
  emit(type: string, fields: object = {}, causedBy?: string): void {
    if (type === 'response.created') this.#emitNoise()
    this.#items.fold(type, fields)
    for (const printed of this.#print({ type, fields, causedBy })) {
      const event = { type: this.#nameOf(printed.type), ...printed.fields }
      this.#send(printed.bare === true ? event : { event_id: makeId('event'), ...event })
    }
  }

  emitError(error: WireError, causedBy?: string): void {
    this.emit('error', { error }, causedBy)
  }

  /** Resolves when the client reads fast enough again, the socket is gone or `signal` aborts. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.#socket.writableLength > HIGH_WATER_BYTES && !signal.aborted && !this.#gone.signal.aborted) {
      const waiting = AbortSignal.any([signal, this.#gone.signal])
      await once(this.#socket, 'drain', { signal: waiting }).catch(() => undefined)
    }
  }

  /** Closes the socket; cut off after a second when the peer does not answer. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.#closing = true
    if (Buffer.byteLength(reason) > 123) this.#closeOverLong(code, reason)
    else this.#ws.close(code, reason)
    this.#clock.after(CLOSE_GRACE_MS, () => this.#ws.terminate(), this.#gone.signal)
  }

  reset(): void {
    resetSocket(this.#socket)
  }

  /** From now on nothing is sent. */
  silence(): void {
    this.#silent = true
  }

  /** As `silence`, and nothing is read any more. */
  freeze(): void {
    this.#silent = true
    this.#ws.pause()
  }

  /** `ws` rightly refuses to make this frame: a control frame holds at most 125 bytes. */
  #closeOverLong(code: number, reason: string): void {
    const text = Buffer.from(reason)
    const frame = Buffer.alloc(6 + text.length)
    frame.writeUInt8(0x88, 0)
    frame.writeUInt8(126, 1)
    frame.writeUInt16BE(text.length + 2, 2)
    frame.writeUInt16BE(code, 4)
    text.copy(frame, 6)
    this.#socket.write(frame)
  }

  #nameOf(type: string): string {
    if (this.#faults.misspelledCommitted && type === 'input_audio_buffer.committed')
      return 'input_audio_buffer.commited'
    return (this.#faults.gaNames ? GA_NAMES.get(type) : undefined) ?? type
  }

  #emitNoise(): void {
    if (this.#faults.unknownEvents)
      this.#send({ event_id: makeId('event'), type: 'session.telemetry', load: { gpu: 0.5 } })
    if (this.#faults.typelessFrames) {
      const message = { role: 'assistant', content: [{ text: '' }] }
      this.#send({ choices: [{ finish_reason: 'null', message }] })
    }
  }

  #send(event: object): void {
    if (this.#silent || !this.isOpen) return
    if (this.#ws.bufferedAmount > GIVE_UP_BYTES) {
      this.#ws.terminate()
      return
    }
    const text = Buffer.from(JSON.stringify(event))
    const size = this.#faults.fragmentBytes ?? text.length
    for (let start = 0; start < text.length; start += size) {
      const fin = start + size >= text.length
      this.#ws.send(text.subarray(start, start + size), { binary: false, fin })
    }
  }
}

/** Resets a connection where it is a TCP one. */
export function resetSocket(socket: Duplex): void {
  if (socket instanceof Socket) socket.resetAndDestroy()
  else socket.destroy()
}
