import { type AudioFormat, bytesOf, durationMs, silenceByte } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import type { CarrierEvent, CarrierLeg } from '../../call/carrier.ts'

/** What a recorded leg does by itself, apart from speaking. Times are [ms] of the call. */
export type RecordedEvent =
  | { readonly atMs: number; readonly type: 'dtmf'; readonly digit: string }
  | { readonly atMs: number; readonly type: 'closed'; readonly by: 'caller' | 'error' }

/** One call of which the caller's side is known beforehand. */
export interface Recording {
  readonly callId: string
  readonly format: AudioFormat
  /** The caller's sound from the first frame on; when it is used up the line goes silent, not dead. */
  readonly audio: Uint8Array
  readonly events: readonly RecordedEvent[]
  /** When its pieces arrive; default, and from the last one on: 20 ms every 20 ms. */
  readonly arrivals?: readonly Arrival[]
  /** How long a mark is on its way back when the sound before it has been played [ms]; default 0. */
  readonly echoMs?: number
}

/** A piece of the caller's sound, as it came over the line. */
interface Arrival {
  /** [ms] of the call. */
  readonly atMs: number
  readonly bytes: number
}

/** What the call did to the leg, in order. Times are [ms] of the call. */
export type LegAction =
  | { readonly atMs: number; readonly type: 'play'; readonly ms: number }
  | { readonly atMs: number; readonly type: 'mark' | 'mark-echoed'; readonly name: string }
  | { readonly atMs: number; readonly type: 'clear'; readonly droppedMs: number }
  | { readonly atMs: number; readonly type: 'hung-up' }

/**
 * Plays a recorded caller on a clock, and a phone that plays what it is given and sends marks back.
 *
 * ```
 *   listen ─▶ a frame every 20 ms … ─▶ closed          play ▓▓▓▓ mark ─▶ echoed when the sound before it has been played
 *             (or as they came)                                             (and as late as it was)
 * ```
 */
export class RecordedLeg implements CarrierLeg {
  readonly callId: string
  readonly format: AudioFormat
  readonly #clock: Clock
  readonly #recording: Recording
  readonly #gone = new AbortController()
  /** Aborts when the leg is closed, by either side. */
  readonly #over = new AbortController()
  readonly #startMs: number
  readonly #actions: LegAction[] = []
  #listener: ((event: CarrierEvent) => void) | undefined
  #early: CarrierEvent[] = []
  /** Pieces that have come, and their bytes. */
  #came = 0
  #at = 0
  /** When the phone will have played all it has [ms of the clock]. */
  #playedOutMs = 0
  #marks: { readonly name: string; readonly echo: AbortController }[] = []

  constructor(recording: Recording, clock: Clock) {
    this.callId = recording.callId
    this.format = recording.format
    this.#recording = recording
    this.#clock = clock
    this.#startMs = clock.now()
    this.#nextFrame()
    for (const { atMs, ...event } of recording.events) {
      clock.after(atMs, () => (event.type === 'closed' ? this.#close(event.by) : this.#tell(event)), this.#over.signal)
    }
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** What the call did, so far. */
  get actions(): readonly LegAction[] {
    return this.#actions
  }

  listen(listener: (event: CarrierEvent) => void): void {
    this.#listener = listener
    const early = this.#early
    this.#early = []
    for (const event of early) listener(event)
  }

  play(audio: Uint8Array): void {
    if (this.#over.signal.aborted) return
    const ms = durationMs(this.format, audio.length)
    this.#playedOutMs = Math.max(this.#clock.now(), this.#playedOutMs) + ms
    this.#note({ type: 'play', ms })
  }

  mark(name: string): void {
    if (this.#over.signal.aborted) return
    this.#note({ type: 'mark', name })
    const mark = { name, echo: new AbortController() }
    this.#marks.push(mark)
    const waitMs = Math.max(0, this.#playedOutMs - this.#clock.now()) + (this.#recording.echoMs ?? 0)
    this.#clock.after(waitMs, () => this.#echo(mark), AbortSignal.any([mark.echo.signal, this.#over.signal]))
  }

  clear(): void {
    if (this.#over.signal.aborted) return
    this.#note({ type: 'clear', droppedMs: Math.max(0, this.#playedOutMs - this.#clock.now()) })
    this.#playedOutMs = this.#clock.now()
    for (const mark of [...this.#marks]) {
      mark.echo.abort()
      this.#echo(mark)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over.signal.aborted) return
    this.#note({ type: 'hung-up' })
    this.#over.abort()
  }

  #nextFrame(): void {
    const arrival = this.#recording.arrivals?.[this.#came]
    const bytes = arrival?.bytes ?? bytesOf(this.format, 20)
    const nowMs = this.#clock.now() - this.#startMs
    this.#clock.after(
      arrival === undefined ? 20 : arrival.atMs - nowMs,
      () => {
        const frame = new Uint8Array(bytes).fill(silenceByte(this.format))
        frame.set(this.#recording.audio.subarray(this.#at, this.#at + bytes))
        const atMs = durationMs(this.format, this.#at)
        this.#came++
        this.#at += bytes
        this.#nextFrame()
        this.#tell({ type: 'audio', audio: frame, atMs })
      },
      this.#over.signal,
    )
  }

  #echo(mark: { readonly name: string }): void {
    this.#marks = this.#marks.filter((other) => other !== mark)
    this.#note({ type: 'mark-echoed', name: mark.name })
    this.#tell({ type: 'mark', name: mark.name })
  }

  #close(by: 'caller' | 'error'): void {
    this.#gone.abort(by === 'error' ? new CallError('carrier-lost', 'the recorded line broke') : undefined)
    this.#tell({ type: 'closed', by })
    this.#over.abort()
  }

  /** Before anybody listens events wait; of sound the last 5 s. */
  #tell(event: CarrierEvent): void {
    if (this.#listener !== undefined) {
      this.#listener(event)
      return
    }
    this.#early.push(event)
    const sound = this.#early.filter(({ type }) => type === 'audio')
    if (sound.length > 250) this.#early.splice(this.#early.indexOf(sound[0] ?? event), 1)
  }

  #note(action: LegActionWithoutTime): void {
    this.#actions.push({ atMs: this.#clock.now() - this.#startMs, ...action })
  }
}

type LegActionWithoutTime = LegAction extends infer A ? (A extends LegAction ? Omit<A, 'atMs'> : never) : never
