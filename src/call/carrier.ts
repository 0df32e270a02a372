import type { AudioFormat } from '../audio/format.ts'

/** What the caller's end tells the call, in the order it happened. */
export type CarrierEvent =
  | {
      readonly type: 'audio'
      /** In the leg's format; any length. Valid after the call of the listener: it is not reused. */
      readonly audio: Uint8Array
      /** Stream time of its first sample [ms]. */
      readonly atMs: number
    }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'dtmf'; readonly digit: string }
  | {
      readonly type: 'closed'
      readonly by: 'caller' | 'error'
      readonly error?: Error
    }

/**
 * The caller's end of one call: a socket to the phone company that is open and has said who it is.
 *
 * ```
 *   made ── start ──▶ open ── play/mark/clear ──▶ … ── closed ──▶ gone        (dispose: we hang up; no `closed` follows)
 * ```
 * `closed` comes at most once and is the last event. After it, or after dispose, every verb does nothing.
 */
export interface CarrierLeg extends AsyncDisposable {
  readonly callId: string
  readonly format: AudioFormat
  /** Aborts when the carrier closes the leg, also before anybody listens; by error, with the `CallError` as its reason. */
  readonly gone: AbortSignal
  /** Sets the one listener. What came before is delivered to it first, in order; of audio the last 5 s are kept. */
  listen(listener: (event: CarrierEvent) => void): void
  /** Queues sound at the carrier, in the leg's format, behind what it already holds. */
  play(audio: Uint8Array): void
  /** Asks for a `mark` event of this name when all sound queued so far has been played, or was cleared. */
  mark(name: string): void
  /** Drops what the carrier has not played yet. Pending marks come back. */
  clear(): void
}
