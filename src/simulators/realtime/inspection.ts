import type { FaultAction } from './faults.ts'
import type { ItemView } from './items.ts'

/** A client event as it was received; what is audio or image in it is only counted. */
export interface ReceivedEvent {
  readonly type: string
  /** [ms of the server's clock] */
  readonly atMs: number
  /** The event; without `audio` and `image`. */
  readonly event: object
  /** Appends in a row are one entry: how many, and how many bytes of sound. */
  readonly count: number
  readonly bytes: number
}

/** How much a server remembers of its sessions. */
export interface InspectionOptions {
  /** Client events of a session; the oldest go first. Default 1000. */
  readonly events: number
  /** Received sound of a session [bytes], from its begin. Default 0. */
  readonly audioBytes: number
  /** Closed sessions. Default 32. */
  readonly closedSessions: number
}

/** What a client sent, as far as it is kept. */
interface Received {
  readonly events: readonly ReceivedEvent[]
  /** All sound [bytes], kept or not. */
  readonly audioBytes: number
  /** The sound as it came, in the coding of the session. */
  readonly audio: Uint8Array
}

/** An item of which only the beginning is remembered. */
export interface Truncation {
  readonly itemId: string
  /** What remains, and how long the item was [ms]. */
  readonly remainsMs: number
  readonly ofMs: number
}

/** One session as its server's owner sees it, open or closed. */
export interface SessionView {
  /** 0 for the first session of the server. */
  readonly index: number
  readonly model: string
  readonly isOpen: boolean
  /** How it ended, as this end saw it; undefined while it is open. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
  /** The settings as `session.updated` prints them. */
  readonly config: object
  readonly received: Received
  /** Responses that were begun. */
  readonly responses: number
  /** The conversation as the model has it now: what was said, typed and restored, in order. */
  readonly items: readonly ItemView[]
  /** What the client had it forget, in order; empty unless the server heeds `conversation.item.truncate`. */
  readonly truncations: readonly Truncation[]
  /** Makes something go wrong now. */
  strike(action: FaultAction): void
}

/** What a session received, within bounds. */
export class Recorder implements Received {
  readonly #limits: InspectionOptions
  readonly events: ReceivedEvent[] = []
  #audio: Uint8Array[] = []
  #kept = 0
  audioBytes = 0

  constructor(limits: InspectionOptions) {
    this.#limits = limits
  }

  get audio(): Uint8Array {
    const whole = Buffer.concat(this.#audio)
    this.#audio = [whole]
    return whole
  }

  event(type: string, atMs: number, event: object, bytes: number): void {
    const last = this.events.at(-1)
    if (bytes > 0 && last?.type === type) {
      this.events[this.events.length - 1] = { ...last, count: last.count + 1, bytes: last.bytes + bytes }
      return
    }
    if (this.#limits.events === 0) return
    this.events.push({ type, atMs, event, count: 1, bytes })
    if (this.events.length > this.#limits.events) this.events.shift()
  }

  sound(audio: Uint8Array): void {
    this.audioBytes += audio.length
    const room = this.#limits.audioBytes - this.#kept
    if (room <= 0) return
    const kept = audio.slice(0, room)
    this.#audio.push(kept)
    this.#kept += kept.length
  }
}
