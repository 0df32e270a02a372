import { MULAW_SILENCE } from '../sound/mulaw.ts'
import type { BadLine } from './bad-line.ts'
import { CONNECTED, readServerMessage, type StreamIdentity, StreamWriter } from './wire.ts'

/** What is needed of a WebSocket. */
export interface Wire {
  /** 1: open, in both directions. */
  readonly readyState: number
  readonly bufferedAmount: number
  send(text: string): void
  close(code?: number): void
  addEventListener(type: 'open' | 'message' | 'close', listener: (event: { readonly data?: unknown }) => void): void
}

/** What hears and speaks: a sound card behind a worklet. */
export interface Handset {
  play(audio: Uint8Array): void
  /** Told to the listener when all that was given before it has been played, or was cleared. */
  mark(name: string): void
  clear(): void
  /** Who hears of each 20 ms that go by, and of marks; `undefined`: nobody. */
  listen(listener: HandsetListener | undefined): void
}

export interface HandsetListener {
  /** What the microphone heard: 160 bytes of mu-law, also when that was nothing. */
  frame(said: Uint8Array): void
  mark(name: string): void
}

/** How a stream came to its end: by us, by the server, or it never opened. */
export type StreamEnd = 'hung-up' | 'closed' | 'refused'

export interface MediaStreamOptions {
  readonly identity: StreamIdentity
  readonly wire: Wire
  readonly handset: Handset
  readonly line: () => BadLine
  readonly muted: () => boolean
  readonly random: () => number
  readonly opened: () => void
}

/** The caller's sound that may wait for a slow network before it is dropped: about 4 s, as at the carrier. */
const CONGESTED_BYTES = 64 * 1024
/** What a line may hold back at most [frames]. */
const HELD_MAX = 50
const OPEN = 1
const silence = new Uint8Array(160).fill(MULAW_SILENCE)

/**
 * The carrier's end of one bidirectional media stream, in the page.
 *
 * ```
 *   socket opens ─▶ connected, start ─▶ media each 20 ms … dtmf, mark ─▶ stop, close     the caller hangs up
 *                                                                   └─▶ close            the server ends it, or it breaks
 *   frame of the microphone ─▶ muted? ─▶ noise ─▶ sent | lost | held back and sent with the next
 * ```
 */
export class MediaStream {
  readonly ended: Promise<StreamEnd>
  readonly #options: MediaStreamOptions
  readonly #writer: StreamWriter
  readonly #finish: (end: StreamEnd) => void
  #isOpen = false
  #held: string[] = []

  constructor(options: MediaStreamOptions) {
    this.#options = options
    const ended = Promise.withResolvers<StreamEnd>()
    this.ended = ended.promise
    const { identity, wire, handset, random, opened } = options
    this.#writer = new StreamWriter(identity, 100 + Math.floor(random() * 71))
    this.#finish = (end) => {
      // Nothing more is said for it, and what was still to be heard is not.
      if (this.#isOpen) {
        handset.listen(undefined)
        handset.clear()
      }
      this.#isOpen = false
      ended.resolve(end)
    }
    wire.addEventListener('open', () => {
      this.#isOpen = true
      wire.send(CONNECTED)
      wire.send(this.#writer.start())
      handset.listen({ frame: (said) => this.#say(said), mark: (name) => this.#inOrder(() => this.#writer.mark(name)) })
      opened()
    })
    wire.addEventListener('message', ({ data }) => this.#hear(data))
    wire.addEventListener('close', () => this.#finish(this.#isOpen ? 'closed' : 'refused'))
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** False: it is not open. */
  press(digit: string): boolean {
    if (this.#isOpen) this.#inOrder(() => this.#writer.dtmf(digit))
    return this.#isOpen
  }

  /** Says `stop`, and closes. Harmless when it is over. */
  hangUp(): void {
    if (this.#isOpen) {
      this.#inOrder(() => this.#writer.stop())
      this.#release()
    }
    this.#finish('hung-up')
    this.#options.wire.close(1000)
  }

  #say(frame: Uint8Array): void {
    if (!this.#isOpen) return
    const { wire, line, muted } = this.#options
    if (wire.bufferedAmount > CONGESTED_BYTES) {
      this.#writer.skip()
      return
    }
    const said = line().distort(muted() ? silence : frame)
    const fate = line().fate()
    if (fate === 'lose') {
      this.#writer.lose()
      return
    }
    this.#held.push(this.#writer.media(said))
    if (fate === 'send' || this.#held.length > HELD_MAX) this.#release()
  }

  /** Behind what the line holds back, if it does: sockets keep the order. */
  #inOrder(write: () => string): void {
    if (!this.#isOpen) return
    const holding = this.#held.length > 0
    this.#held.push(write())
    if (!holding) this.#release()
  }

  #release(): void {
    const { wire } = this.#options
    // The server's close is on its way to us before we hear of it, and what is sent meanwhile is a browser's complaint.
    if (wire.readyState === OPEN) for (const text of this.#held) wire.send(text)
    this.#held = []
  }

  #hear(data: unknown): void {
    if (!this.#isOpen) return
    const { handset, identity } = this.#options
    const message = readServerMessage(data, identity.streamSid)
    if (message?.type === 'media') handset.play(message.audio)
    else if (message?.type === 'mark') handset.mark(message.name)
    else if (message?.type === 'clear') handset.clear()
  }
}
