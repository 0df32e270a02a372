import { mulaw8k } from '../../src/audio/format.ts'
import { CallError } from '../../src/base/errors.ts'
import type { CarrierEvent, CarrierLeg } from '../../src/call/carrier.ts'

/** What a leg asked of its carrier. */
export type LegRequest =
  | { readonly type: 'media'; readonly audio: Uint8Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' }

const KEPT_BYTES = 5 * 8000

/** A leg without a line: a test says what the caller does and reads what the carrier was asked. Nothing is played. */
export class FakeLeg implements CarrierLeg {
  readonly callId: string
  readonly format = mulaw8k
  /** What was asked, in order. */
  readonly requests: LegRequest[] = []
  readonly #gone = new AbortController()
  #early: CarrierEvent[] = []
  #listener: ((event: CarrierEvent) => void) | undefined
  #over = false
  #disposals = 0
  #nextMs = 0

  constructor(callId = 'CAfake') {
    this.callId = callId
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** How often it was hung up. */
  get disposals(): number {
    return this.#disposals
  }

  /** The caller's next sound. */
  say(audio: Uint8Array): void {
    this.#emit({ type: 'audio', audio, atMs: this.#nextMs })
    this.#nextMs += audio.byteLength / 8
  }

  press(digit: string): void {
    this.#emit({ type: 'dtmf', digit })
  }

  /** The carrier says that it has played up to this mark. */
  echo(name: string): void {
    this.#emit({ type: 'mark', name })
  }

  hangUp(): void {
    this.#close({ type: 'closed', by: 'caller' })
  }

  breakDown(): void {
    this.#close({ type: 'closed', by: 'error', error: new CallError('carrier-lost', 'the fake line broke') })
  }

  listen(listener: (event: CarrierEvent) => void): void {
    if (this.#listener !== undefined) throw new TypeError('the leg has its one listener already')
    this.#listener = listener
    for (const event of this.#early.splice(0)) if (this.#disposals === 0) listener(event)
  }

  play(audio: Uint8Array): void {
    if (audio.byteLength > 0) this.#ask({ type: 'media', audio })
  }

  mark(name: string): void {
    this.#ask({ type: 'mark', name })
  }

  clear(): void {
    this.#ask({ type: 'clear' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposals++
    this.#over = true
    this.#early = []
  }

  #ask(request: LegRequest): void {
    if (!this.#over) this.requests.push(request)
  }

  #close(event: CarrierEvent): void {
    if (this.#over) return
    this.#gone.abort()
    this.#emit(event)
    this.#over = true
  }

  #emit(event: CarrierEvent): void {
    if (this.#over) return
    if (this.#listener !== undefined) {
      this.#listener(event)
      return
    }
    this.#early.push(event)
    const surplus = this.#early.reduce((sum, e) => sum + (e.type === 'audio' ? e.audio.byteLength : 0), 0) - KEPT_BYTES
    if (surplus > 0) this.#forget(surplus)
  }

  #forget(bytes: number): void {
    let left = bytes
    this.#early = this.#early.flatMap((event) => {
      if (event.type !== 'audio' || left === 0) return [event]
      const cut = Math.min(left, event.audio.byteLength)
      left -= cut
      const audio = event.audio.subarray(cut)
      return audio.byteLength === 0 ? [] : [{ ...event, audio, atMs: event.atMs + cut / 8 }]
    })
  }
}
