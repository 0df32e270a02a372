import type { Heard } from './recogniser/recogniser.ts'
import type { VoiceName } from './voice.ts'

/** What a speech worker is started with. */
export interface SpeechWorkerData {
  readonly voice: WebAssembly.Module
  readonly grammar: string
}

/**
 * To a speech worker. `line` is one call; what concerns a line is done in the order of sending.
 *
 * ```
 *   open ─▶ ( start ─▶ sound … ─▶ finish | abort ) … ─▶ close          say at any time
 * ```
 */
export type ToSpeech =
  | { readonly type: 'open'; readonly line: number }
  | { readonly type: 'close'; readonly line: number }
  | UtteranceMessage
  | SayMessage

/** What happens on an open line. */
export type UtteranceMessage =
  | { readonly type: 'start' | 'abort'; readonly line: number }
  | { readonly type: 'sound'; readonly line: number; readonly samples: Int16Array }
  | { readonly type: 'finish'; readonly line: number; readonly job: number }

/** Makes a sentence; it concerns no line. */
export interface SayMessage {
  readonly type: 'say'
  readonly job: number
  readonly sentence: string
  readonly voice: VoiceName
  readonly sampleRate: number
}

/** From a speech worker: `ready` once, then one answer for each `finish` and `say`. */
export type FromSpeech =
  | { readonly type: 'ready' }
  | { readonly type: 'heard'; readonly job: number; readonly heard: Heard }
  | { readonly type: 'said'; readonly job: number; readonly audio: Uint8Array }
  | { readonly type: 'failed'; readonly job: number; readonly reason: string }
