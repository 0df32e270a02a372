import { durationMs } from '../audio/format.ts'
import type { RealtimeSession, SessionEvent } from './provider.ts'
import type { Transcript } from './transcript.ts'
import type { Voice } from './voice.ts'

interface Answer {
  /** Not to be heard any more. */
  cut: boolean
  audible: boolean
  /** It began when the agent was leaving already: it is the goodbye. */
  readonly last: boolean
  /** Those that it has sound of. */
  readonly itemIds: Set<string>
}

export interface AnsweringParts {
  readonly session: RealtimeSession
  readonly voice: Voice
  readonly transcript: Transcript
  /** The first sound of an answer that is to be heard. */
  readonly onAudible: (responseId: string, last: boolean) => void
}

/**
 * The model's answers on their way to the caller, as long as they are wanted.
 *
 * ```
 *   response-started ─▶ wanted ── audio ─▶ voice ── response-ended ─▶ the last frame is filled up
 *                          └─ cut ─▶ unwanted: its late sound is counted and dropped, by its id
 * ```
 */
export class Answering {
  readonly #parts: AnsweringParts
  readonly #open = new Map<string, Answer>()
  #lateMs = 0

  constructor(parts: AnsweringParts) {
    this.#parts = parts
  }

  /** Sound that came for an answer that had been cut [ms]. */
  get lateMs(): number {
    return this.#lateMs
  }

  /** Whether an answer is being made that is to be heard. */
  get wanted(): boolean {
    for (const { cut } of this.#open.values()) if (!cut) return true
    return false
  }

  begin(responseId: string, last: boolean): void {
    this.#open.set(responseId, { cut: false, audible: false, last, itemIds: new Set() })
  }

  take({ responseId, itemId, audio }: Extract<SessionEvent, { type: 'audio' }>): void {
    const { session, voice, transcript, onAudible } = this.#parts
    const ms = durationMs(session.outputFormat, audio.length)
    const answer = this.#open.get(responseId)
    answer?.itemIds.add(itemId)
    if (answer === undefined || answer.cut) {
      this.#lateMs += ms
      // Its words are laid over all of its sound, of which so much more was not heard.
      if (answer !== undefined) transcript.agentMade(itemId, ms)
      return
    }
    voice.say(itemId, audio)
    if (answer.audible) return
    answer.audible = true
    onAudible(responseId, answer.last)
  }

  /** Returns whether it had any sound that was to be heard. */
  end({ responseId, status }: Extract<SessionEvent, { type: 'response-ended' }>): boolean {
    const answer = this.#open.get(responseId)
    this.#open.delete(responseId)
    if (status === 'completed') for (const itemId of answer?.itemIds ?? []) this.#parts.transcript.agentFinished(itemId)
    if (answer?.cut === false) this.#parts.voice.finish()
    return answer?.audible === true
  }

  /** None of those that are being made is to be heard. */
  cut(): void {
    for (const answer of this.#open.values()) answer.cut = true
  }
}
