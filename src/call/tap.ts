import type { AudioFormat } from '../audio/format.ts'
import type { Agent } from './agent.ts'
import type { CarrierEvent } from './carrier.ts'
import type { CallEvent } from './events.ts'
import type { CallInfo } from './info.ts'
import type { RealtimeSession, SessionEvent } from './provider.ts'
import type { CallCommand } from './supervision.ts'

/** What a call did to its leg. */
export type LegDeed =
  | { readonly type: 'play'; readonly audio: Uint8Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' | 'hang-up' }

/** What a call did to a session, but for the sound it appended. */
export type SessionDeed =
  | { readonly type: 'begin-turn' | 'end-turn' | 'drop-turn' | 'cancel' | 'dispose' }
  | { readonly type: 'respond'; readonly instructions?: string; readonly unless?: 'answered' }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'truncate'; readonly itemId: string; readonly heardMs: number; readonly heardText: string }
  | { readonly type: 'answer-tool'; readonly toolCallId: string; readonly output: string }

/** What a session is, as it was opened. */
export interface SessionFacts extends Pick<RealtimeSession, 'inputFormat' | 'outputFormat' | 'turnsBy' | 'takesNotes'> {
  readonly provider: string
}

/**
 * One thing that crossed one of a call's two ports, or came of it, in the order in which it happened. `atMs` is [ms] since
 * the call was answered, as in its events. Sound is not copied: it must be used, or copied, before the tap returns.
 */
export type Tapped = { readonly atMs: number } /** From the caller's end; sound in the leg's format. */ & (
  | { readonly type: 'leg-event'; readonly event: CarrierEvent }
  | { readonly type: 'leg-deed'; readonly deed: LegDeed }
  /** It is there, and hears the caller; `session` counts the sessions of this stream, from 0. */
  | { readonly type: 'session-opened'; readonly session: number; readonly facts: SessionFacts }
  /** From the model's end, as it came: sound in the session's own format. */
  | { readonly type: 'session-event'; readonly session: number; readonly event: SessionEvent }
  | { readonly type: 'session-deed'; readonly session: number; readonly deed: SessionDeed }
  /** What an operator wanted of the call, and said in it while it was taken over: sound in the leg's format. */
  | { readonly type: 'operator-command'; readonly command: CallCommand }
  | { readonly type: 'operator-voice'; readonly audio: Uint8Array }
  /** What the caller's phone played, in the leg's format: its first sample at `atMs`. Silence is not told. */
  | { readonly type: 'heard'; readonly audio: Uint8Array }
  /** The call's own news; `ended` is the last thing of all. */
  | { readonly type: 'happened'; readonly event: CallEvent }
)

/** Takes all of one stream of a call. It must not throw and must not block: it is called on the audio path. */
export type CallTap = (what: Tapped) => void

/** One stream of a call that is about to begin. */
export interface TappedStream {
  readonly info: CallInfo
  readonly agent: Agent
  /** The leg's. */
  readonly format: AudioFormat
  /** When it was answered [ms since 1970]: what names its files. */
  readonly answeredAt: number
}

/** Opens what listens to a stream; `undefined`: nobody does, and it costs nothing. */
export type OpenTap = (stream: TappedStream) => CallTap | undefined

/** Takes what the caller's phone played, in the leg's format, silence left out. */
export interface PlayedSink {
  /** Whether it is wanted now: else nothing is copied. */
  readonly wanted: boolean
  /**
   * @param atMs when its first sample was played [ms of the clock]. Each follows the one before, or begins later; but after
   * a mark that proved us to be late by some milliseconds it may seem to begin earlier: it follows all the same.
   */
  take(audio: Uint8Array, atMs: number): void
}
